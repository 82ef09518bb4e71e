import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  createRandom,
  parseAugmentConfig,
  type PhraseClip,
  augment,
  buildData,
  parseDataConfig,
} from "@callsign/data/internal";
import { createFrontend } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import type { BenchRow } from "../../../test-support/bench-row.ts";
import { sharedPath } from "../../../test-support/shared-data.ts";

const EMBEDDING = sharedPath("reference", "embedding_model.onnx");
const CLIPS = 96;
const SCENES = 12;

/** Making features of clips, in time of one core: whole-clip embedding against separate windows, and each step's share. */
export async function bench(): Promise<BenchRow[]> {
  if (!existsSync(EMBEDDING))
    return [{ group: "data", name: "skipped: the speech embedding is not here", value: 0, unit: "clips" }];
  return [...(await benchClips()), ...(await benchBuild())];
}

async function benchClips(): Promise<BenchRow[]> {
  const frontend = await createFrontend({
    createSession: createNodeSession(),
    embedding: await readFile(EMBEDDING),
    floor: "chunk",
  });
  const config = parseAugmentConfig({});
  const random = createRandom("bench");
  const noises = Array.from({ length: 4 }, (_, i) => ({
    name: `${i}`,
    samples: tones(random.fork(i), 80_000),
  }));
  const spent = { augment: 0, logMel: 0, whole: 0, windows: 0, wholeScene: 0, windowsScene: 0 };
  const timed = async <T>(step: keyof typeof spent, run: () => T | Promise<T>): Promise<T> => {
    const start = process.cpuUsage();
    const result = await run();
    const { user, system } = process.cpuUsage(start);
    spent[step] += (user + system) / 1000;
    return result;
  };
  for (let i = -4; i < CLIPS; i++) {
    if (i === 0) for (const key of Object.keys(spent) as (keyof typeof spent)[]) spent[key] = 0;
    const clip: PhraseClip = { samples: tones(random.fork(`clip ${i}`), 14_000) };
    const placement = { kind: "window-end", windowLength: 32_000, gapLength: [0, 3200] } as const;
    const { samples } = await timed("augment", () =>
      augment(clip, { config, random: random.fork(`copy ${i}`), resources: { noises }, placement })!,
    );
    const logMel = await timed("logMel", () => frontend.logMel(samples));
    // As `features` does: a stream's first embedding starts 4 frames into a chunk.
    const aligned = { ...logMel, data: logMel.data.subarray(4 * 32), rows: logMel.rows - 4 };
    // In turns, so that a noisy machine disturbs both alike; and in the processor's time, not the clock's.
    const runs = [
      () => timed("whole", () => frontend.embed(aligned)),
      () => timed("windows", () => frontend.embedWindows(aligned)),
    ];
    for (const run of i % 2 === 0 ? runs : runs.toReversed()) await run();
  }
  for (let i = 0; i < SCENES; i++) {
    const scene = await frontend.logMel(tones(random.fork(`scene ${i}`), 160_000));
    await timed("wholeScene", () => frontend.embed(scene));
    await timed("windowsScene", () => frontend.embedWindows(scene));
  }
  await frontend.dispose();
  const common = spent.augment + spent.logMel;
  const ours = common + spent.whole;
  const theirs = common + spent.windows;
  const share = (ms: number, of: number): string => `${Math.round((100 * ms) / of)} %`;
  const steps = (embed: number, all: number): string =>
    `augment ${share(spent.augment, all)}, log-mel ${share(spent.logMel, all)}, embed ${share(embed, all)}`;
  return [
    {
      group: "data",
      name: "embed a 2 s clip (16 embeddings)",
      value: spent.whole / CLIPS,
      unit: "ms",
      ratio: spent.windows / spent.whole,
      baseline: "separate windows",
    },
    {
      group: "data",
      name: "embed a 10 s scene",
      value: spent.wholeScene / SCENES,
      unit: "ms",
      ratio: spent.windowsScene / spent.wholeScene,
      baseline: "separate windows",
    },
    {
      group: "data",
      name: "augment and embed",
      value: (1000 * CLIPS) / ours,
      unit: "clips/core s",
      ratio: theirs / ours,
      baseline: "separate windows",
      note: `${steps(spent.whole, ours)}; with separate windows ${steps(spent.windows, theirs)}`,
    },
  ];
}

/** A whole small build in this thread: audio made and embedded against the processor's time. */
async function benchBuild(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "callsign-bench-"));
  const config = parseDataConfig(
    {
      labels: [{ label: "go", phrases: ["go home now"] }],
      frontend: { embedding: EMBEDDING },
      data: {
        engines: [{ kind: "flite" }],
        positives: { clipsPerPhrase: 60, copies: 4 },
        negatives: { sentences: { clips: 60 }, nearMisses: { clips: 30 }, partial: { clips: 0 }, copies: 2 },
        scenes: { count: 20 },
      },
    },
    { name: "bench" },
  );
  const stages = buildData({
    config,
    baseDir: folder,
    out: join(folder, "out"),
    workers: 1,
    identity: { tool: "callsign", version: "bench" },
    cacheDir: folder,
    env: {},
  });
  const cpu: Record<string, number> = {};
  let last = process.cpuUsage();
  let seconds = 0;
  try {
    for (;;) {
      const { done, value } = await stages.next();
      if (done === true) {
        seconds = value!.shards.reduce((sum, shard) => sum + shard.seconds, 0);
        break;
      }
      const { user, system } = process.cpuUsage(last);
      cpu[value.stage] = (cpu[value.stage] ?? 0) + (user + system) / 1e6;
      last = process.cpuUsage();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const all = Object.values(cpu).reduce((sum, part) => sum + part, 0);
  const shares = Object.entries(cpu).map(([stage, part]) => `${stage} ${Math.round((100 * part) / all)} %`);
  return [
    {
      group: "data",
      name: "whole build, flite",
      value: seconds / all,
      unit: "audio h per core h",
      note: shares.join(", "),
    },
  ];
}

/** Something with the spectrum of speech: a few gliding tones and noise. */
function tones(random: ReturnType<typeof createRandom>, length: number): Float32Array {
  const partials = Array.from({ length: 5 }, () => ({
    hz: random.uniform(100, 3500),
    level: random.uniform(500, 4000),
  }));
  return Float32Array.from({ length }, (_, i) => {
    const sum = partials.reduce(
      (total, { hz, level }) => total + level * Math.sin((2 * Math.PI * hz * i) / 16_000),
      0,
    );
    return sum + 200 * random.normal();
  });
}
