import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  type BuildContext,
  type BuildIndex,
  buildData,
  createRandom,
  type DataConfigInput,
  parseDataConfig,
} from "@callsign/data/internal";
import type { Progress } from "@callsign/infer/internal";
import { fromMagnitudes, writeWav } from "@callsign/audio/internal";
import { toyEmbedding } from "../../../../infer/test/support/toy-embedding.ts";

/** A config that builds in a second or two: one phrase, flite, made-up noise and a made-up embedding. */
export const smallConfig: DataConfigInput = {
  name: "small",
  seed: 7,
  labels: [{ label: "go", phrases: ["go home now"] }],
  frontend: { embedding: "embedding.onnx" },
  data: {
    engines: [{ kind: "flite" }],
    positives: { clipsPerPhrase: 12, copies: 2 },
    negatives: {
      sentences: { clips: 4 },
      nearMisses: { clips: 0 },
      partial: { clips: 4, textsPerPhrase: 2 },
      own: ["turn it off"],
      clipsPerOwn: 3,
    },
    corpora: [
      {
        source: { kind: "folder", path: "talk", licence: "CC0-1.0", speakerPattern: "(?<speaker>\\w+)-\\d" },
      },
    ],
    noise: [{ source: { path: "noise", licence: "CC0-1.0" } }],
    scenes: { count: 4, seconds: 4 },
    splits: { train: 0.5, validation: 0.25, test: 0.25 },
    shardMinutes: 0.3,
  },
};

/** Writes what `smallConfig` names into a folder. */
export async function makeSources(folder: string): Promise<void> {
  const random = createRandom("small build");
  const sounds = [
    ...["a-1", "a-2", "b-1", "c-1"].map((name) => ({ path: `talk/${name}.wav`, seconds: 1.5 })),
    ...["hum", "hiss", "rain"].map((name) => ({ path: `noise/${name}.wav`, seconds: 3 })),
  ];
  for (const { path, seconds } of sounds) {
    const own = random.fork(path);
    const hz = own.uniform(100, 1000);
    const samples = Float32Array.from(
      { length: seconds * 16_000 },
      (_, i) => 4000 * Math.sin((2 * Math.PI * hz * i) / 16_000) + 300 * own.normal(),
    );
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), writeWav({ samples: fromMagnitudes(samples), sampleRateHz: 16_000 }));
  }
  await writeFile(join(folder, "embedding.onnx"), toyEmbedding());
}

/** A build of `smallConfig` (changed as told) in this process. */
export function smallContext(
  folder: string,
  {
    out,
    workers = 1,
    config = {},
    ...more
  }: { out: string; workers?: number; config?: Partial<DataConfigInput> } & Partial<
    Pick<BuildContext, "signal" | "onNote">
  >,
): BuildContext {
  return {
    config: parseDataConfig({ ...smallConfig, ...config }, { name: "small" }),
    baseDir: folder,
    out,
    workers,
    identity: { tool: "callsign", version: "0.0.0-test" },
    cacheDir: join(folder, "cache"),
    env: {},
    ...more,
  };
}

/** Runs a build to its end. */
export async function runBuild(
  context: BuildContext,
  options: Parameters<typeof buildData>[1] = {},
): Promise<{ index: BuildIndex | undefined; events: Progress[] }> {
  const stages = buildData(context, options);
  const events: Progress[] = [];
  for (;;) {
    const { done, value } = await stages.next();
    if (done === true) return { index: value, events };
    events.push(value);
  }
}

/** Begins a build with the texts of another, for tests that are not about texts: drawing them starts a thread. */
export async function copyTexts(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const file of ["plan.json", "texts.json"]) await copyFile(join(from, file), join(to, file));
}

/** sha256 of every file in a folder. */
export async function hashFolder(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const hashes: [string, string][] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    hashes.push([
      path.slice(folder.length + 1),
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    ]);
  }
  return Object.fromEntries(hashes.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
