/**
 * `npx tsx --conditions=@callsign/source experiments/recipe/cut-words.ts CONTENTS SPEECH OUT WORDS`: cuts recordings of
 * single words out of joined files, for choosing a recipe on words other than those of the reported results. CONTENTS has tables of
 * start, end and text (`NAME.tsv`), SPEECH one or more folders (comma-separated) with the files of each table below
 * `NAME`, WORDS one word per line. Writes OUT/words/WORD/NAME-N.wav, and the rest of each file to OUT/others/NAME.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { joinFloats, writeWav } from "@callsign/audio/internal";
import { readAudioFile } from "@callsign/audio/node";

interface Span {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const [contents, folders, out, wordFile] = process.argv.slice(2);
if (contents === undefined || folders === undefined || out === undefined || wordFile === undefined)
  throw new Error("cut-words: expected CONTENTS SPEECH[,SPEECH] OUT WORDS");
const words: ReadonlySet<string> = new Set(
  (await readFile(wordFile, "utf8")).split("\n").filter((word) => word !== ""),
);
const counts = new Map<string, number>();
let seconds = 0;

for (const table of (await readdir(contents)).filter((name) => name.endsWith(".tsv"))) {
  const name = basename(table, ".tsv");
  for (const [file, spans] of await readSpans(join(contents, table))) {
    const path = folders
      .split(",")
      .map((folder) => join(folder, name, file))
      .find((candidate) => existsSync(candidate));
    if (path === undefined) continue;
    const { samples, sampleRateHz } = await readAudioFile(path);
    const at = (time: number): number => Math.round(time * sampleRateHz);
    const save = async (to: string, cut: Float32Array): Promise<void> => {
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, writeWav({ samples: cut, sampleRateHz }));
    };
    const others: Float32Array[] = [];
    let from = 0;
    for (const { start, end, text } of spans) {
      // Sentences that contain one of the words are also left out of the rest.
      if (!text.split(/[^a-z-]+/).some((word) => words.has(word))) continue;
      others.push(samples.subarray(from, Math.max(from, at(start))));
      from = at(end);
      if (!words.has(text)) continue;
      const count = (counts.get(text) ?? 0) + 1;
      counts.set(text, count);
      await save(join(out, "words", text, `${name}-${count}.wav`), samples.slice(at(start), from));
    }
    others.push(samples.subarray(from));
    const rest = joinFloats(others);
    seconds += rest.length / sampleRateHz;
    await save(join(out, "others", name, `${file.replaceAll("/", "-").replace(/\.\w+$/, "")}.wav`), rest);
  }
}
const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
console.log(
  `${counts.size} of ${words.size} words, ${total} recordings; ${(seconds / 3600).toFixed(2)} hours of others`,
);

async function readSpans(table: string): Promise<Map<string, Span[]>> {
  const files = new Map<string, Span[]>();
  for (const line of (await readFile(table, "utf8")).split("\n").slice(1)) {
    const [file, start, end, text] = line.split("\t");
    if (file === undefined || text === undefined) continue;
    const span = { start: Number(start), end: Number(end), text: text.toLowerCase().trim() };
    files.set(file, [...(files.get(file) ?? []), span]);
  }
  return files;
}
