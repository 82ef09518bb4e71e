import { readFile } from "node:fs/promises";

import { CallsignError } from "@callsign/audio/internal";

/** A part of a recording, with its text. Times are in seconds. */
export interface SaidPart {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Contents of recordings by their path, from a file of tab-separated lines `file, start, end, text` under a heading.
 * @throws CallsignError `FILE_NOT_FOUND`, `CONFIG_INVALID`
 */
export async function readContents(file: string): Promise<ReadonlyMap<string, readonly SaidPart[]>> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new CallsignError("FILE_NOT_FOUND", `${file}: cannot read the contents of recordings`, { cause });
  });
  const contents = new Map<string, SaidPart[]>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (i === 0 || line === "") continue;
    const [path = "", start, end, said] = line.split("\t");
    const part = { start: Number(start), end: Number(end), text: said ?? "" };
    if (said === undefined || !(part.start >= 0 && part.end > part.start))
      throw new CallsignError(
        "CONFIG_INVALID",
        `${file}: line ${i + 1}: expected file, start, end (seconds) and text, got ${JSON.stringify(line)}`,
      );
    contents.set(path, [...(contents.get(path) ?? []), part]);
  }
  return contents;
}
