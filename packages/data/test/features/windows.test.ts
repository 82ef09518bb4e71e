import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type FeatureShard, readShard } from "@callsign/data/internal";
import { fromMagnitudes, readWav, toMagnitudes, writeWav } from "@callsign/audio/internal";
import { createFeatureStream, createFrontend } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { toyEmbedding } from "../../../infer/test/support/toy-embedding.ts";
import { makeSources, runBuild, smallConfig, smallContext } from "../build/support/small-build.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-windows-"));
  await makeSources(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Only what a test is about. */
const nothing = {
  ...smallConfig.data,
  positives: { clipsPerPhrase: 0 },
  negatives: { sentences: { clips: 0 }, nearMisses: { clips: 0 }, partial: { clips: 0 } },
  corpora: [],
  noise: [],
  scenes: { count: 0 },
  // Compared with a detector's to 1e-5.
  precision: "float32" as const,
};

async function shardsOf(
  out: string,
  options: Partial<Parameters<typeof smallContext>[1]>,
): Promise<FeatureShard[]> {
  const { index } = await runBuild(smallContext(folder, { ...options, out }));
  return Promise.all(
    index!.shards.map(async ({ path }) => readShard(await readFile(join(out, path)), { name: path })),
  );
}

describe("embedding-sequence", () => {
  it("holds what a detector's stream computes of the same recording", async () => {
    const out = join(folder, "stream");
    const data = { ...nothing, noise: smallConfig.data!.noise! };
    const shards = await shardsOf(out, { config: { data } });
    const frontend = await createFrontend({
      createSession: createNodeSession(),
      embedding: toyEmbedding(),
      floor: "chunk",
    });
    const { clip } = shards[0]!.metadata.clips[0]!;
    const samples = toMagnitudes(readWav(await readFile(join(out, clip))).samples);
    const stream = createFeatureStream(
      { windowing: { kind: "embedding-sequence", embeddings: 16, hopLength: 1280 } },
      { frontend, runner: await frontend.streams() },
    );
    const steps: Float32Array[] = [];
    for (let at = 0; at + 1280 <= samples.length; at += 1280)
      steps.push((await stream.step(samples.subarray(at, at + 1280))).slice());
    const { embeddings, windowEnd } = shards[0]!;
    const ofClip = windowEnd.filter((_, i) => shards[0]!.clip[i] === 0);
    // 3 s are 37 chunks; the first window needs 25.
    expect(ofClip).toHaveLength(13);
    for (const [i, row] of ofClip.entries())
      expect(embeddings.subarray((row - 15) * 96, (row + 1) * 96)).toBeAllClose(steps[24 + i]!, {
        atol: 1e-5,
      });
    await frontend.dispose();
  });

  it("ends every positive 0 to 200 ms before its window does", async () => {
    const data = { ...nothing, positives: { clipsPerPhrase: 8, copies: 3 } };
    const shards = await shardsOf(join(folder, "positives"), { config: { data } });
    const since = shards.flatMap((shard) => [...shard.sinceEnd]);
    expect(since).toHaveLength(24);
    expect(Math.min(...since)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...since)).toBeLessThanOrEqual(3200);
    expect(new Set(since).size).toBeGreaterThan(12);
    expect(shards.every((shard) => shard.heard.every((heard) => heard === 1))).toBe(true);
  });

  it("says of every window of a scene what was heard, and when it ended", async () => {
    const data = {
      ...nothing,
      positives: { clipsPerPhrase: 8, copies: 0 },
      scenes: { count: 6, seconds: 12, commandShare: 0.5 },
    };
    const shards = await shardsOf(join(folder, "scenes"), { config: { data } });
    const windows = shards.flatMap(({ label, heard, sinceEnd, clip, metadata }) =>
      Array.from(label, (of, i) => ({
        scene: metadata.clips[clip[i]!]!.clip,
        label: of,
        heard: heard[i]!,
        since: sinceEnd[i]!,
      })),
    );
    expect(new Set(windows.map(({ scene }) => scene)).size).toBe(6);
    for (const { label, heard, since } of windows) {
      if (label === -1) expect([heard, since]).toEqual([0, -1]);
      else expect(heard < 1 ? since === 0 : since >= 0 && since < 32_000).toBe(true);
    }
    // One hop later, a phrase that has ended ended one hop earlier.
    for (const [i, window] of windows.entries()) {
      const next = windows[i + 1];
      if (next?.scene === window.scene && window.since > 0 && next.heard === 1) {
        const isNewOne = next.since < window.since;
        expect(isNewOne || next.since === window.since + 1280).toBe(true);
      }
    }
    expect(windows.some(({ heard }) => heard > 0 && heard < 1)).toBe(true);
  });
});

describe("sliding-audio", () => {
  const windowing = { kind: "sliding-audio" } as const;

  it("holds one embedding for every window, as the detector computes it", async () => {
    const out = join(folder, "sliding");
    const data = { ...nothing, noise: smallConfig.data!.noise!, slidingWindows: { stepLength: 4000 } };
    const [shard] = await shardsOf(out, { config: { data, windowing } });
    const { clip } = shard!.metadata.clips[0]!;
    const samples = toMagnitudes(readWav(await readFile(join(out, clip))).samples);
    const frontend = await createFrontend({
      createSession: createNodeSession(),
      embedding: toyEmbedding(),
      floor: "window",
    });
    // Where on the grid the first window ends is drawn: the place that gives the shard's first row.
    const embedAt = async (end: number): Promise<Float32Array> => {
      const { data: logMel, columns } = await frontend.logMel(samples.slice(end - 13_000, end));
      return (await frontend.embed({ data: logMel.subarray(0, 76 * columns), rows: 76, columns })).data;
    };
    const rows = shard!.clip.filter((of) => of === 0).length;
    const first = shard!.embeddings.subarray(0, 96);
    let found = -1;
    for (let end = 13_000; end < 17_000 && found < 0; end++) {
      const row = await embedAt(end);
      if (row.every((value, i) => Math.abs(value - first[i]!) < 1e-5)) found = end;
    }
    expect(found).toBeGreaterThan(0);
    for (let i = 1; i < rows; i++)
      expect(shard!.embeddings.subarray(i * 96, (i + 1) * 96)).toBeAllClose(await embedAt(found + 4000 * i), {
        atol: 1e-5,
      });
    await frontend.dispose();
  });

  it("draws windows of a positive from the first sound of the phrase to a little after it", async () => {
    const data = {
      ...nothing,
      positives: { clipsPerPhrase: 6, copies: 2 },
      slidingWindows: { perCopy: 20, fromHeard: 0.2, afterSeconds: 0.1 },
    };
    const shards = await shardsOf(join(folder, "early"), { config: { data, windowing } });
    const heard = shards.flatMap((shard) => [...shard.heard]);
    const since = shards.flatMap((shard) => [...shard.sinceEnd]);
    expect(heard).toHaveLength(240);
    expect(Math.min(...heard)).toBeGreaterThanOrEqual(0.2);
    expect(heard.filter((share) => share < 0.6).length).toBeGreaterThan(50);
    expect(Math.max(...since)).toBeLessThanOrEqual(1600);
  });

  it("reads a recording cut to clips as the whole it was, with its labelled intervals", async () => {
    const samples = Float32Array.from({ length: 10 * 16_000 }, (_, i) => 3000 * Math.sin(i / 9) + (i % 97));
    await writeFile(
      join(folder, "long.wav"),
      writeWav({ samples: fromMagnitudes(samples), sampleRateHz: 16_000 }),
    );
    const commands = [
      { startSample: 40_000, endSample: 59_999 },
      { startSample: 100_000, endSample: 111_999 },
    ];
    await writeFile(join(folder, "truth.json"), JSON.stringify({ sampleRateHz: 16_000, commands }));
    const clip = {
      kind: "clip",
      path: "long.wav",
      truth: "truth.json",
      licence: "none",
      label: "go",
    } as const;
    const data = {
      ...nothing,
      corpora: [{ source: { ...clip, toSeconds: 8, leadInSeconds: 1 }, split: "train" as const }],
      slidingWindows: { stepLength: 500 },
    };
    const shards = await shardsOf(join(folder, "recording"), { config: { data, windowing } });
    expect(shards).toHaveLength(1);
    const { heard, label, sinceEnd } = shards[0]!;
    // Windows 500 samples apart: 20,000 / 500 end within the first command, 12,000 / 500 within the second.
    const within = heard.filter((share) => share > 0 && share < 1).length;
    expect(Math.abs(within - (40 + 24))).toBeLessThanOrEqual(2);
    // And 13,000 / 500 after each while it is still in the window.
    const after = sinceEnd.filter((since, i) => label[i] === 0 && since > 0).length;
    expect(Math.abs(after - 2 * 26)).toBeLessThanOrEqual(2);
    // 8 s, one window for each 500 samples: the silence before counts, the last 2 s do not.
    expect(Math.abs(heard.length - (8 * 16_000) / 500)).toBeLessThanOrEqual(1);
    // Validation steps as the detector does, since patience and the mute gate are chosen on it.
    const [validation] = await shardsOf(join(folder, "recording-validation"), {
      config: {
        data: {
          ...data,
          corpora: data.corpora.map((corpus) => ({ ...corpus, split: "validation" as const })),
        },
        windowing,
      },
    });
    expect(Math.abs(validation!.heard.length - (8 * 16_000) / 512)).toBeLessThanOrEqual(1);
  });
});
