/** Lets files and folders be dropped anywhere on the page; `overlay` is shown while they are dragged over it. */
export function acceptDrops(overlay: HTMLElement, onFiles: (files: readonly File[]) => void): void {
  let depth = 0;
  const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes("Files") === true;
  addEventListener("dragenter", (event) => {
    if (hasFiles(event)) overlay.hidden = ++depth === 0;
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event)) overlay.hidden = --depth <= 0;
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    overlay.hidden = true;
    void listFiles(event.dataTransfer!).then(onFiles);
  });
}

/** Files of a dropped folder, without those of its subfolders. */
async function listFiles({ items, files }: DataTransfer): Promise<File[]> {
  // Taken before anything is awaited: the browser empties the list then.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry());
  const plain = [...files];
  if (!entries.some((entry) => entry?.isDirectory === true)) return plain;
  const nested = await Promise.all(
    entries.map(async (entry) => {
      if (entry === null) return [];
      const inside = entry.isDirectory ? await readFolder(entry as FileSystemDirectoryEntry) : [entry];
      return Promise.all(
        inside.filter(({ isFile }) => isFile).map((one) => toFile(one as FileSystemFileEntry)),
      );
    }),
  );
  return nested.flat();
}

const readFolder = (folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> =>
  // oxlint-disable-next-line promise/avoid-new -- an API of callbacks
  new Promise((resolve, reject) => folder.createReader().readEntries(resolve, reject));

const toFile = (entry: FileSystemFileEntry): Promise<File> =>
  // oxlint-disable-next-line promise/avoid-new -- an API of callbacks
  new Promise((resolve, reject) => entry.file(resolve, reject));
