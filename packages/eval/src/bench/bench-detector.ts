import { setImmediate } from "node:timers/promises";
import { createRandom } from "@callsign/data/internal";
import { CallsignError, fromMagnitudes } from "@callsign/audio/internal";
import { LOG_MEL, type Progress, type SessionFactory } from "@callsign/infer/internal";
import { type MachineFacts, machineFacts } from "../report/machine-facts.ts";
import { percentile } from "../statistics/percentile.ts";
import { type BenchModel, type BenchWays, createWays, type Way } from "./bench-ways.ts";

/** Cost of a model, in milliseconds of processor time unless stated otherwise. */
export interface BenchResult {
  readonly model: string;
  readonly machine: MachineFacts;
  /** Cost of a step, 80 ms of audio. */
  readonly stepMs: { readonly p50: number; readonly p99: number };
  /** Test-time augmentation, if the card has it: number of copies, and cost of a step relative to one without. */
  readonly copies?: { readonly count: number; readonly ratio: number };
  /** Streams one core can run in real time: batched if the model allows it, otherwise one by one. */
  readonly streamsPerCore: number;
  /** Cost of other ways to compute the same model, relative to Callsign's, without test-time augmentation: medians over interleaved rounds. */
  readonly ratios: BenchRatios;
  /** Heap bytes allocated per step. */
  readonly allocationBytes: number;
  /** Wall time to open the model's sessions. */
  readonly startUpMs: number;
  /** Wall time of the first step after that. */
  readonly firstStepMs: number;
  /** Memory of the process with all ways open, in MiB. */
  readonly residentMiB: number;
}

export interface BenchRatios {
  readonly openWakeWordWay: number;
  readonly livekitWay: number;
  readonly publishedWay: number;
}

export interface BenchOptions {
  readonly createSession: SessionFactory;
  /** Number of rounds; each way runs once per round. Default 30. */
  readonly rounds?: number;
  /** Steps of each way in a round. Default 25: two seconds of audio. */
  readonly steps?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Measures a model on this machine. Uses processor time rather than wall time, so that other load adds noise but no
 * bias; ratios compare ways that ran in the same round.
 * @throws CallsignError `ABORTED`, and what opening the model throws
 */
export async function benchDetector(model: BenchModel, options: BenchOptions): Promise<BenchResult> {
  const { createSession, rounds = 30, steps = 25, signal, onProgress } = options;
  const opened = performance.now();
  const ways = await createWays(model, createSession);
  const startUpMs = performance.now() - opened;
  try {
    const magnitudes = benchAudio();
    const audio = fromMagnitudes(magnitudes);
    const [firstStepMs] = await timeSteps(ways.ours, { audio, steps: 1 });
    const stepsMs: number[] = [];
    const ratios: BenchRatios[] = [];
    const copiesRatios: number[] = [];
    const togetherMs: number[] = [];
    let allocated = 0;
    for (let round = -WARM_UP; round < rounds; round++) {
      if (signal?.aborted) throw new CallsignError("ABORTED", "bench: stopped", { cause: signal.reason });
      const heap = process.memoryUsage().heapUsed;
      const own = await timeSteps(ways.ours, { audio, steps });
      const grown = process.memoryUsage().heapUsed - heap;
      const cost = sum(own);
      const asItIs = ways.asItIs ? sum(await timeSteps(ways.asItIs, { audio, steps })) : cost;
      const others = await raceOthers(ways, { audio: magnitudes, steps, own: asItIs });
      const shared = await timeTogether(ways.together);
      if (round < 0) continue;
      stepsMs.push(...own);
      ratios.push(others);
      copiesRatios.push(cost / asItIs);
      if (shared !== undefined) togetherMs.push(shared);
      // A garbage collection in between makes the difference smaller.
      allocated = Math.max(allocated, grown / steps);
      onProgress?.({ stage: "bench", done: round + 1, total: rounds, unit: "rounds" });
      await setImmediate();
    }
    const p50 = percentile(stepsMs, 50);
    const count = model.card.testTimeAugmentation?.length;
    const perStream = togetherMs.length > 0 && count === undefined ? percentile(togetherMs, 50) : p50;
    return {
      model: model.card.name,
      machine: machineFacts(),
      stepMs: { p50, p99: percentile(stepsMs, 99) },
      ...(count !== undefined && { copies: { count, ratio: median(copiesRatios) } }),
      streamsPerCore: Math.floor(CHUNK_MS / perStream),
      ratios: {
        openWakeWordWay: median(ratios.map((one) => one.openWakeWordWay)),
        livekitWay: median(ratios.map((one) => one.livekitWay)),
        publishedWay: median(ratios.map((one) => one.publishedWay)),
      },
      allocationBytes: Math.round(allocated),
      startUpMs,
      firstStepMs: firstStepMs!,
      residentMiB: process.memoryUsage.rss() / 2 ** 20,
    };
  } finally {
    await ways.dispose();
  }
}

const WARM_UP = 3;
const CHUNK_MS = (LOG_MEL.chunkLength * 1000) / LOG_MEL.sampleRateHz;

interface Turn {
  readonly audio: Float32Array;
  readonly steps: number;
}

/** Processor time of each step, in milliseconds. */
async function timeSteps(way: Way, { audio, steps }: Turn): Promise<number[]> {
  const times: number[] = [];
  const { chunkLength } = LOG_MEL;
  for (let step = 0; step < steps; step++) {
    const from = (step * chunkLength) % (audio.length - chunkLength);
    const chunk = audio.subarray(from, from + chunkLength);
    const before = process.cpuUsage();
    await way(chunk);
    times.push(spentSince(before));
  }
  return times;
}

async function raceOthers(ways: BenchWays, turn: Turn & { readonly own: number }): Promise<BenchRatios> {
  const ratio = async (way: Way): Promise<number> => sum(await timeSteps(way, turn)) / turn.own;
  return {
    openWakeWordWay: await ratio(ways.openWakeWordWay),
    livekitWay: await ratio(ways.livekitWay),
    publishedWay: await ratio(ways.publishedWay),
  };
}

/** Processor time of a step per stream, with many streams batched. */
async function timeTogether(together: BenchWays["together"]): Promise<number | undefined> {
  if (together === undefined) return undefined;
  const before = process.cpuUsage();
  await together.step();
  return spentSince(before) / together.streams;
}

function spentSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Ten seconds of noise with a speech-like envelope, in int16 magnitudes; the cost does not depend on the content. */
export function benchAudio(): Float32Array {
  const random = createRandom("bench");
  return Float32Array.from(
    { length: 160_000 },
    (_, i) => random.uniform(-3000, 3000) * (1 + Math.sin(i / 2000)),
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const median = (values: readonly number[]): number => percentile(values, 50);
