/**
 * `npx tsx --conditions=@callsign/source --expose-gc scripts/day-stream.ts [--hours H] [--model DIR] [--embedding FILE]`:
 * streams a day through a detector as fast as it goes and prints one JSON document: whether the same minute gives the
 * same scores at the first and after the last hour, whether all scores stayed finite, memory before and after and its
 * slope, processor time. Fails where they do not. Without a model: an untrained one on that embedding or the one that
 * Callsign carries.
 */
import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createRandom } from "@callsign/data";
import { loadDetector } from "@callsign/infer/node";
import { makeUntrainedModel } from "../packages/cli/src/untrained-model.ts";

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

const first = await hearTwice();
const before = memory();
const residentMiB: number[] = [];
for (let minute = 0; minute < hours * 60; minute++) {
  await hear(day[minute % day.length]!);
  residentMiB.push(memory().residentMiB);
  if (minute % 60 === 59) console.error(`hour ${(minute + 1) / 60}: ${residentMiB.at(-1)!.toFixed(1)} MiB`);
}
const after = memory();
const last = await hearTwice();
await detector.dispose();

const largestDifference = first.reduce((worst, score, i) => Math.max(worst, Math.abs(score - last[i]!)), 0);
const { user, system } = process.cpuUsage();
// What comes before is start-up: buffers and compiled code.
const settled = residentMiB.slice(Math.min(60, Math.floor(residentMiB.length / 2)));
const result = {
  hours,
  steps,
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

/** The scores of the probe heard a second time: what came before its first hearing is out of the state. */
async function hearTwice(): Promise<number[]> {
  await hear(probe);
  return hear(probe);
}

async function hear(audio: Float32Array): Promise<number[]> {
  const heard: number[] = [];
  for (const { scores } of await detector.push(audio)) {
    steps++;
    if (!scores.every(Number.isFinite)) notFinite++;
    heard.push(scores[0]!);
  }
  return heard;
}

/** What is held, the collector's garbage left out; buffers of samples and tensors are outside the heap. */
function memory(): { readonly heapMiB: number; readonly buffersMiB: number; readonly residentMiB: number } {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heapMiB: heapUsed / 2 ** 20, buffersMiB: arrayBuffers / 2 ** 20, residentMiB: rss / 2 ** 20 };
}

/** A minute of noise that comes and goes as syllables do, from whisper to full scale, with digital silence between. */
function bursts(seed: string | number): Float32Array {
  const random = createRandom("day-stream").fork(seed);
  const samples = new Float32Array(MINUTE);
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
