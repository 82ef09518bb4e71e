/**
 * `npx tsx --conditions=@callsign/source --expose-gc scripts/day-stream.ts [--hours H] [--model DIR] [--embedding FILE]`:
 * streams a day through `detections` with a signal, in 80 ms chunks, as fast as it goes, and prints one JSON document:
 * whether the same minute gives the same scores before the first and after the last hour, whether all scores stayed
 * finite, memory before and after and its slope, processor time. Exits with 1 where the scores differ or are not finite.
 * Without a model: an untrained one on that embedding or the one that Callsign carries.
 */
import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createRandom } from "@callsign/data/internal";
import { type Pcm } from "@callsign/audio/internal";
import { detections } from "@callsign/infer/internal";
import { loadDetector } from "@callsign/infer/node/internal";
import { makeUntrainedModel } from "@callsign/train/internal";

const MINUTE = 60 * 16_000;
const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "24" },
    model: { type: "string" },
    embedding: { type: "string" },
  },
});
const hours = Number(values.hours);
const { embedding } = values;
const folder = values.model ?? (await makeUntrainedModel(embedding));
const detector = await loadDetector(folder, embedding === undefined ? {} : { embeddingPath: embedding });
if (values.model === undefined) await rm(folder, { recursive: true });

const probe = bursts("probe");
const day = Array.from({ length: 10 }, (_, i) => bursts(i));
let steps = 0;
let notFinite = 0;
let detected = 0;

/** Scores of the probe, heard before the day and after it. */
const [first, last]: [number[], number[]] = [[], []];
let before = memory();
let after = before;
let scores: number[] | undefined;
const residentMiB: number[] = [];
const recorded = {
  push: async (chunk: Pcm) => {
    const made = await detector.push(chunk);
    for (const step of made) record(step.scores);
    return made;
  },
};
for await (const _ of detections(recorded, dayOfChunks(), { signal: new AbortController().signal }))
  detected++;
await detector.dispose();

const largestDifference = first.reduce((worst, score, i) => Math.max(worst, Math.abs(score - last[i]!)), 0);
const { user, system } = process.cpuUsage();
// What comes before is start-up: buffers and compiled code.
const settled = residentMiB.slice(Math.min(60, Math.floor(residentMiB.length / 2)));
const result = {
  hours,
  steps,
  detected,
  notFinite,
  distinctScores: new Set(first).size,
  largestDifference,
  before,
  after,
  residentMiB: { settled: settled[0], end: settled.at(-1), slopeAnHour: 60 * slope(settled) },
  cpuSeconds: (user + system) / 1e6,
};
console.log(JSON.stringify(result, null, 1));
if (notFinite > 0 || largestDifference > 0 || result.distinctScores < 100) process.exitCode = 1;

/** The probe twice, the day, the probe twice: at its second time nothing of what came before it is in the state. */
async function* dayOfChunks(): AsyncGenerator<Pcm> {
  yield* chunksOf(probe);
  scores = first;
  yield* chunksOf(probe);
  scores = undefined;
  before = memory();
  for (let minute = 0; minute < hours * 60; minute++) {
    yield* chunksOf(day[minute % day.length]!);
    residentMiB.push(memory().residentMiB);
    if (minute % 60 === 59) console.error(`hour ${(minute + 1) / 60}: ${residentMiB.at(-1)!.toFixed(1)} MiB`);
  }
  after = memory();
  yield* chunksOf(probe);
  scores = last;
  yield* chunksOf(probe);
}

/** Copies of 80 ms, as a microphone gives them. */
function* chunksOf(audio: Int16Array): Generator<Int16Array> {
  for (let from = 0; from < audio.length; from += 1280) yield audio.slice(from, from + 1280);
}

function record(row: Float32Array): void {
  steps++;
  if (!row.every(Number.isFinite)) notFinite++;
  scores?.push(row[0]!);
}

/** What is held, the collector's garbage left out; buffers of samples and tensors are outside the heap. */
function memory(): { readonly heapMiB: number; readonly buffersMiB: number; readonly residentMiB: number } {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heapMiB: heapUsed / 2 ** 20, buffersMiB: arrayBuffers / 2 ** 20, residentMiB: rss / 2 ** 20 };
}

/** A minute of noise that comes and goes as syllables do, from whisper to full scale, with digital silence between. */
function bursts(seed: string | number): Int16Array {
  const random = createRandom("day-stream").fork(seed);
  const samples = new Int16Array(MINUTE);
  for (let at = 0; at < MINUTE;) {
    const end = Math.min(MINUTE, at + random.integer(800, 6400));
    const peak = random.next() < 0.3 ? 0 : 10 ** random.uniform(0.5, 4.5);
    for (; at < end; at++) samples[at] = Math.round(random.uniform(-peak, peak));
  }
  return samples;
}

/** Of the least-squares line, a place. */
function slope(ys: readonly number[]): number {
  const middle = (ys.length - 1) / 2;
  const sum = ys.reduce((total, y, x) => total + (x - middle) * y, 0);
  return sum / ys.reduce((total, _, x) => total + (x - middle) ** 2, 0);
}
