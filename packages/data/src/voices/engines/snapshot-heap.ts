/** The memory of a WebAssembly module; the view is replaced when the memory grows. */
interface HeapOwner {
  readonly HEAPU8: Uint8Array;
}

/**
 * Copies a module's memory and returns a function that restores it, so that the bytes of a clip do not depend on the clips before
 * it (noise generators, filters). That takes about 3 ms; a new instance takes 15 to 60 ms.
 */
export function snapshotHeap(owner: HeapOwner): () => void {
  const { HEAPU8 } = owner;
  // Without the zeros at the end, which are most of the memory.
  const untouched = HEAPU8.slice(0, lengthUntilZeros(HEAPU8));
  return () => {
    owner.HEAPU8.set(untouched);
    owner.HEAPU8.fill(0, untouched.length);
  };
}

/** A loop over words: `findLastIndex` calls a function for each byte, which takes a tenth of a second for 16 MB. */
function lengthUntilZeros({ buffer, byteOffset, byteLength }: Uint8Array): number {
  const words = new Uint32Array(buffer, byteOffset, Math.floor(byteLength / 4));
  let length = words.length;
  while (length > 0 && words[length - 1] === 0) length--;
  return length === words.length ? byteLength : 4 * length;
}
