import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What is said in recordings, by the recording's file name without its ending; empty where a folder has no `*.trans.txt` as LibriSpeech has them. */
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

/** Whether a word, or several in a row, is said in a transcript: whole words, capitals or not. */
export function saysWord(transcript: string, word: string): boolean {
  return ` ${wordsOf(transcript)} `.includes(` ${wordsOf(word)} `);
}

const wordsOf = (text: string): string =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}']+/u)
    .filter((one) => one !== "")
    .join(" ");
