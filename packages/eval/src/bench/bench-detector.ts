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
  /** Cost of other ways to compute the same model, relative to Callsign's, without test-time augmentation: ratios of the 10th percentiles of steps. */
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
 * Measures a model on this machine, in processor time, all ways in turn. Other load makes steps slower through caches and shared
 * cores, some more than others, so ratios compare the fastest tenth of each way's steps.
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
    const asItIsMs: number[] = [];
    const others: Record<keyof BenchRatios, number[]> = {
      openWakeWordWay: [],
      livekitWay: [],
      publishedWay: [],
    };
    const togetherMs: number[] = [];
    let allocated = 0;
    for (let round = -WARM_UP; round < rounds; round++) {
      if (signal?.aborted) throw new CallsignError("ABORTED", "bench: stopped", { cause: signal.reason });
      const heap = process.memoryUsage().heapUsed;
      const own = await timeSteps(ways.ours, { audio, steps });
      const grown = process.memoryUsage().heapUsed - heap;
      const asItIs = ways.asItIs ? await timeSteps(ways.asItIs, { audio, steps }) : own;
      for (const way of OTHER_WAYS) {
        const times = await timeSteps(ways[way], { audio: magnitudes, steps });
        if (round >= 0) others[way].push(...times);
      }
      const shared = await timeTogether(ways.together);
      if (round < 0) continue;
      stepsMs.push(...own);
      asItIsMs.push(...asItIs);
      if (shared !== undefined) togetherMs.push(shared);
      // A garbage collection in between makes the difference smaller.
      allocated = Math.max(allocated, grown / steps);
      onProgress?.({ stage: "bench", done: round + 1, total: rounds, unit: "rounds" });
      await setImmediate();
    }
    const p50 = percentile(stepsMs, 50);
    const ratio = (times: readonly number[]): number =>
      percentile(times, FASTEST_PERCENT) / percentile(asItIsMs, FASTEST_PERCENT);
    const count = model.card.testTimeAugmentation?.length;
    const perStream = togetherMs.length > 0 && count === undefined ? percentile(togetherMs, 50) : p50;
    return {
      model: model.card.name,
      machine: machineFacts(),
      stepMs: { p50, p99: percentile(stepsMs, 99) },
      ...(count !== undefined && { copies: { count, ratio: ratio(stepsMs) } }),
      streamsPerCore: Math.floor(CHUNK_MS / perStream),
      ratios: {
        openWakeWordWay: ratio(others.openWakeWordWay),
        livekitWay: ratio(others.livekitWay),
        publishedWay: ratio(others.publishedWay),
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
const OTHER_WAYS = ["openWakeWordWay", "livekitWay", "publishedWay"] as const;
/**
 * Percentile of steps that ratios compare. On two cores under a load of 5, six measurements of each ratio differed by up to 5 %
 * at the 10th percentile, 12 % at the 25th and 30 % for medians of rounds. `publishedWay` computes two or three windows in a
 * step; its fastest steps are those of two.
 */
const FASTEST_PERCENT = 10;
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
