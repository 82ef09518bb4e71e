import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "@callsign/cli";
import { findRecordings } from "@callsign/eval/internal";
import { readAudioChunks } from "@callsign/audio/node/internal";
import { formatModelCard, type ModelCard, parseModelCard } from "@callsign/infer/internal";
import { loadDetector, sha256Hex } from "@callsign/infer/node/internal";
import * as z from "zod";
import { processContext } from "../process-context.ts";
import { readYaml } from "./configs.ts";

const folders = z.array(z.string()).default([]);
const testsSchema = z.strictObject({
  /** Folders of speech without any of the words, and of noise without speech. */
  speech: folders,
  noise: folders,
  words: z
    .record(
      z.string(),
      z.strictObject({
        /** Folders with recordings of people saying the word, one utterance a file, by label. */
        said: z.record(z.string(), z.array(z.string())).default({}),
        /** Folders of speech without this word: other words, for example. */
        speech: folders,
        /** Regular expression of names of recordings to leave out, such as those that contain the word. */
        exclude: z.string().optional(),
      }),
    )
    .default({}),
});

/** Recordings to measure the ready words on. */
export type Tests = z.output<typeof testsSchema>;

/** Reads the file of `--tests`; without one there is nothing to measure on. */
export const readTests = (file: string | undefined): Tests =>
  testsSchema.parse(file === undefined ? {} : readYaml(file));

/** Detections in recordings without the word, at the card's thresholds. */
interface FalseAccepts {
  readonly hours: number;
  readonly falseAccepts: Readonly<Record<string, number>>;
}

/** Figures of a word on recordings of people; null where there are none. */
export interface Measured {
  /** Recordings of people saying each label, and how many were not detected at the card's threshold. */
  readonly said: Readonly<Record<string, { readonly recordings: number; readonly missed: number }>> | null;
  readonly speech: FalseAccepts | null;
  readonly noise: FalseAccepts | null;
}

export interface MeasureOptions {
  readonly name: string;
  readonly tests: Tests;
  readonly signal: AbortSignal;
}

/** Measures a word on the recordings. */
export async function measureWord(model: string, { name, tests, signal }: MeasureOptions): Promise<Measured> {
  const own = tests.words[name];
  const exclude = own?.exclude === undefined ? {} : { exclude: new RegExp(own.exclude, "i") };
  const speech = [...tests.speech, ...(own?.speech ?? [])];
  const count = async (dirs: readonly string[]) =>
    dirs.length === 0 ? null : countDetections(model, await findRecordings(dirs, exclude));
  const said: Record<string, { recordings: number; missed: number }> = {};
  const talk = { hours: 0, falseAccepts: {} as Record<string, number> };
  for (const [label, dirs] of Object.entries(own?.said ?? {})) {
    const found = await evaluate({ model, label, dirs, speech, exclude: own?.exclude, signal });
    said[label] = { recordings: found.positives, missed: found.shipped.misses };
    talk.hours = Number(found.negativeHours.toFixed(2));
    talk.falseAccepts[label] = found.shipped.falseAccepts;
  }
  const { labels } = parseModelCard(readFileSync(join(model, "model.json"), "utf8"), { name: model });
  const isCounted = labels.every((label) => label in talk.falseAccepts);
  return {
    said: Object.keys(said).length === 0 ? null : said,
    speech: isCounted ? talk : await count(speech),
    noise: await count(tests.noise),
  };
}

async function countDetections(
  model: string,
  recordings: readonly { readonly path: string }[],
): Promise<FalseAccepts> {
  const detector = await loadDetector(model);
  const falseAccepts = Object.fromEntries(detector.card.labels.map((label) => [label, 0]));
  let samples = 0;
  for (const { path } of recordings) {
    await detector.reset();
    for await (const chunk of readAudioChunks(path)) {
      samples += chunk.length;
      for (const { detections } of await detector.push(chunk))
        for (const { label } of detections) falseAccepts[label]!++;
    }
  }
  await detector.dispose();
  return { hours: Number((samples / 16_000 / 3600).toFixed(2)), falseAccepts };
}

/** What `callsign eval keyword --json` prints of a label; `shipped` is at the card's threshold. */
interface Evaluated {
  readonly positives: number;
  readonly negativeHours: number;
  readonly shipped: { readonly misses: number; readonly falseAccepts: number };
}

async function evaluate(options: {
  readonly model: string;
  readonly label: string;
  readonly dirs: readonly string[];
  readonly speech: readonly string[];
  readonly exclude: string | undefined;
  readonly signal: AbortSignal;
}): Promise<Evaluated> {
  const { model, label, dirs, speech, exclude, signal } = options;
  let printed = "";
  const context = { ...processContext(signal), stdout: (text: string) => (printed += text) };
  const words = ["--label", label, "--positives", ...dirs, "--negatives", ...speech].concat(
    exclude === undefined ? [] : ["--exclude", exclude],
  );
  const exitCode = await runCli(["eval", "keyword", "--model", model, ...words, "--json"], context);
  if (exitCode !== 0) throw new Error(`build-words: eval keyword of ${label} failed`);
  return (JSON.parse(printed) as { labels: [Evaluated] }).labels[0];
}

/** Writes card and README of a trained model into the word's folder, with what was measured. */
export function describeMeasured(
  model: string,
  { folder, measured }: { readonly folder: string; readonly measured: Measured },
): void {
  const file = join(model, "model.json");
  const card = parseModelCard(readFileSync(file, "utf8"), { name: file });
  const told = { ...card, training: { ...card.training, measured } };
  if (sha256Hex(readFileSync(join(folder, card.classifier.file))) !== card.classifier.sha256)
    throw new Error(`build-words: ${folder} has another graph than ${file} names`);
  writeFileSync(join(folder, "model.json"), formatModelCard(told, { name: file }));
  const readme = readFileSync(join(model, "README.md"), "utf8");
  writeFileSync(
    join(folder, "README.md"),
    readme.replace("\n## Data\n", `\n${measuredSection(card, measured)}\n## Data\n`),
  );
}

function measuredSection({ labels }: ModelCard, { said, speech, noise }: Measured): string {
  const misses = labels.map((label) => {
    const found = said?.[label];
    return found === undefined
      ? `- "${label}": no recordings of people saying it were at hand, so its misses are not measured.`
      : `- "${label}": ${found.missed} of ${found.recordings} recordings of people saying it were missed.`;
  });
  const accepts = (what: string, found: FalseAccepts | null): string =>
    found === null
      ? `- False accepts on ${what}: not measured.`
      : `- False accepts on ${found.hours} hours of ${what}: ${labels.map((label) => `"${label}" ${found.falseAccepts[label]}`).join(", ")}.`;
  return [
    "## On people's recordings",
    "",
    "At the card's own threshold; none of these recordings was used in training.",
    "",
    ...misses,
    accepts("people's speech without the words", speech),
    accepts("noise without speech", noise),
    "",
  ].join("\n");
}
