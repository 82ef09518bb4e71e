import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Transcripts by file name without extension, from LibriSpeech's `*.trans.txt` files; empty if the folder has none. */
export async function readTranscripts(folder: string): Promise<ReadonlyMap<string, string>> {
  const transcripts = new Map<string, string>();
  for (const file of (await readdir(folder, { recursive: true })).toSorted()) {
    if (!file.endsWith(".trans.txt")) continue;
    for (const line of (await readFile(join(folder, file), "utf8")).split(/\r?\n/)) {
      const space = line.indexOf(" ");
      if (space > 0) transcripts.set(line.slice(0, space), line.slice(space + 1));
    }
  }
  return transcripts;
}

/** Whether a transcript contains a word or phrase, as whole words and ignoring case. */
export function saysWord(transcript: string, word: string): boolean {
  return ` ${wordsOf(transcript)} `.includes(` ${wordsOf(word)} `);
}

const wordsOf = (text: string): string =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}']+/u)
    .filter((one) => one !== "")
    .join(" ");
