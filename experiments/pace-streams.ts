/**
 * `taskset -c 0 npx tsx --conditions=@callsign/source experiments/pace-streams.ts [--streams N] [--seconds S] [--detectors] [--groups G] [--model DIR] [--embedding FILE]`:
 * streams in real time in one process: every 80 ms each gives 80 ms of audio, and its scores must be there before the
 * next. They step together in G groups that take turns within the 80 ms (`StreamBatch`); with `--detectors` each is a
 * `Detector` of its own with a time of its own, and what waits is run together. Prints one JSON document: late steps,
 * latency from a step's audio to its scores, share of a core. Without a model: an untrained one on that embedding or
 * the one that Callsign carries. Fails where a step is late.
 */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { fromMagnitudes } from "@callsign/audio/internal";
import { benchAudio, percentile } from "@callsign/eval/internal";
import { createFrontend, embeddingsOf, loadClassifier, LOG_MEL, StreamBatch } from "@callsign/infer/internal";
import { createNodeSession, loadDetector, readModel } from "@callsign/infer/node/internal";
import { makeUntrainedModel } from "@callsign/train/internal";

const STEP_MS = 80;
const WARM_UP_STEPS = 25;
const { chunkLength } = LOG_MEL;
const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "300" },
    seconds: { type: "string", default: "60" },
    groups: { type: "string", default: "5" },
    detectors: { type: "boolean", default: false },
    model: { type: "string" },
    embedding: { type: "string" },
  },
});
const streams = Number(values.streams);
const steps = Math.round((Number(values.seconds) * 1000) / STEP_MS);
const { embedding } = values;
const folder = values.model ?? (await makeUntrainedModel(embedding));
const options = embedding === undefined ? {} : { embeddingPath: embedding };

/** What steps at its own time: one stream, or a group of them. `hear` gives its streams the audio of a step. */
type Lane = (step: number) => Promise<unknown>;

const magnitudes = benchAudio();
const tape = fromMagnitudes(magnitudes);
const lanes = values.detectors ? await openDetectors() : await openGroups(Number(values.groups));
if (values.model === undefined) await rm(folder, { recursive: true });
for (let step = -WARM_UP_STEPS; step < 0; step++) await Promise.all(lanes.map((lane) => lane(-step)));

const latencyMs: number[] = [];
const cpu = process.cpuUsage();
const start = performance.now();
await Promise.all(lanes.map((lane, i) => pace(lane, start + (i * STEP_MS) / lanes.length)));
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
// A lane's next audio is there: the step came too late for it.
const late = latencyMs.filter((latency) => latency > STEP_MS).length;
const result = {
  streams,
  lanes: lanes.length,
  seconds,
  lateSteps: `${late} of ${latencyMs.length} (of a lane)`,
  latencyMs: {
    p50: percentile(latencyMs, 50),
    p99: percentile(latencyMs, 99),
    most: latencyMs.reduce((most, one) => Math.max(most, one), 0),
  },
  cores: (user + system) / 1e6 / seconds,
};
console.log(JSON.stringify(result, null, 1));
process.exit(late > 0 ? 1 : 0);

async function pace(lane: Lane, first: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const due = first + step * STEP_MS;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    await lane(step);
    latencyMs.push(Math.max(0, performance.now() - due));
  }
}

async function openGroups(count: number): Promise<Lane[]> {
  const createSession = createNodeSession();
  const { card, name, classifier: head, embedding: bytes } = await readModel(folder, options);
  const embeddings = embeddingsOf(card.windowing);
  const frontend = await createFrontend({ createSession, embedding: bytes, floor: "chunk" });
  const runner = await frontend.streams();
  const classifier = await loadClassifier(head, { name, createSession, labels: card.labels, embeddings });
  return Array.from({ length: count }, (_, group) => {
    const size = Math.floor((streams * (group + 1)) / count) - Math.floor((streams * group) / count);
    const batch = new StreamBatch({ runner, classifier, embeddings, streams: size });
    return (step) => {
      for (let i = 0; i < size; i++)
        batch.samples.set(chunkOf(magnitudes, group * streams + i, step), i * chunkLength);
      return batch.step();
    };
  });
}

async function openDetectors(): Promise<Lane[]> {
  const first = await loadDetector(folder, options);
  const detectors = [first, ...Array.from({ length: streams - 1 }, () => first.open())];
  return detectors.map((detector, i) => (step) => detector.push(chunkOf(tape, i, step)));
}

/** Each stream is elsewhere on the tape. */
function chunkOf(audio: Float32Array, stream: number, step: number): Float32Array {
  const from = ((stream * 977 + step) * chunkLength) % (audio.length - chunkLength);
  return audio.subarray(from, from + chunkLength);
}
