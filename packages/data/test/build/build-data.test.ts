import { appendFile, cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  inspectBuild,
  readManifest,
  readShard,
  sampleClips,
  writeBuildManifest,
} from "@callsign/data/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  copyTexts,
  hashFolder,
  makeSources,
  runBuild,
  smallConfig,
  smallContext,
} from "./support/small-build.ts";

let folder = "";
let out = "";
let first: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-build-"));
  await makeSources(folder);
  out = join(folder, "out");
  await runBuild(smallContext(folder, { out }));
  first = await hashFolder(out);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("buildData", () => {
  it("leaves clips, manifest, shards, index and sources, and nothing else", () => {
    const kinds = new Set(Object.keys(first).map((path) => path.replace(/\/.*/, "")));
    expect([...kinds].toSorted()).toEqual(
      [
        "SOURCES.md",
        "clips",
        "index.json",
        "manifest.jsonl",
        "plan.json",
        "shards",
        "state",
        "texts.json",
      ].toSorted(),
    );
  });

  it("gives the same bytes with two workers, and in another folder", async () => {
    const other = join(folder, "other");
    await copyTexts(out, other);
    await runBuild(smallContext(folder, { out: other, workers: 2 }));
    expect(await hashFolder(other)).toEqual(first);
  });

  it("makes nothing anew when it is run again", async () => {
    const before = await timesOf(first);
    await runBuild(smallContext(folder, { out }));
    expect(await hashFolder(out)).toEqual(first);
    const changed = await changedSince(before);
    expect(changed.toSorted()).toEqual(["SOURCES.md", "index.json", "manifest.jsonl", "plan.json"]);
  });

  it("makes again what is damaged or missing, and nothing else", async () => {
    const shards = Object.keys(first).filter((path) => path.endsWith(".safetensors"));
    const clips = Object.keys(first).filter((path) => /^clips\/sentence.*wav$/.test(path));
    const [damaged, missing, clip] = [shards[0]!, shards[1]!, clips[1]!];
    await appendFile(join(out, damaged), "x");
    await rm(join(out, missing));
    await writeFile(join(out, clip), "not a clip");
    const before = await timesOf(first);
    expect((await inspectBuild(out)).damaged.toSorted()).toEqual(
      [`${clip}: changed`, `${damaged}: missing or changed`, `${missing}: missing or changed`].toSorted(),
    );
    const notes: string[] = [];
    await runBuild(smallContext(folder, { out, onNote: (note) => notes.push(note) }));
    expect(notes).toContainEqual(expect.stringContaining(`${damaged} is not as it was written`));
    expect(await hashFolder(out)).toEqual(first);
    const remade = (await changedSince(before)).filter((path) => /^(clips|shards)/.test(path));
    expect(remade.filter((path) => path.startsWith("shards")).toSorted()).toEqual(
      [damaged, missing].toSorted(),
    );
    expect(
      remade.filter((path) => path.startsWith("clips/")).every((path) => path.startsWith("clips/sentence")),
    ).toBe(true);
    expect((await inspectBuild(out)).damaged).toEqual([]);
  });

  it("keeps every clip when only windows change, and forgets what a smaller config no longer has", async () => {
    const other = join(folder, "changed");
    await cp(out, other, { recursive: true });
    const clips = (hashes: Record<string, string>) =>
      Object.entries(hashes).filter(([path]) => path.startsWith("clips"));
    const before = await timesOf(await hashFolder(other), other);
    const windowing = { kind: "sliding-audio" } as const;
    const data = { ...smallConfig.data, negatives: { ...smallConfig.data!.negatives, own: [] } };
    await runBuild(smallContext(folder, { out: other, config: { windowing, data } }));
    const after = await hashFolder(other);
    expect(clips(after)).toEqual(clips(first).filter(([path]) => !path.startsWith("clips/user")));
    expect((await changedSince(before, other)).filter((path) => path.startsWith("clips/"))).toEqual([]);
    expect(Object.keys(after).some((path) => path.includes("user"))).toBe(false);
  });

  it("stops where it is told to, and when it is told to", async () => {
    const other = join(folder, "stopped");
    const { index } = await runBuild(smallContext(folder, { out: other }), { until: "texts" });
    expect(index).toBeUndefined();
    expect(Object.keys(await hashFolder(other))).toEqual(["plan.json", "texts.json"]);
    const stopped = runBuild(smallContext(folder, { out: other, signal: AbortSignal.abort() }));
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("has clips of every set in both splits, and no voice, recording or drawn text in two", async () => {
    const seen = { train: new Map<string, Set<string>>(), validation: new Map<string, Set<string>>() };
    const add = (split: "train" | "validation", what: string, value: string): void =>
      void seen[split].set(what, (seen[split].get(what) ?? new Set()).add(value));
    for await (const { split, speaker, source, path, text } of readManifest(join(out, "manifest.jsonl"))) {
      const set = path.split("/")[1]!;
      add(split, "set", set);
      add(split, "speaker", speaker);
      if (source === "flite") add(split, set.startsWith("positive") ? "spoke" : "spoke a negative", speaker);
      if (set === "sentence") add(split, "sentence", text);
    }
    const { train, validation } = seen;
    const sets = ["corpus-talk", "noise-noise", "partial", "positive-go", "sentence", "user"];
    expect([...validation.get("set")!].toSorted()).toEqual(sets);
    expect([...train.get("set")!].toSorted()).toEqual(sets);
    for (const what of ["speaker", "sentence"])
      expect([...train.get(what)!].filter((value) => validation.get(what)!.has(value))).toEqual([]);
    for (const of of [train, validation])
      for (const voice of of.get("spoke a negative")!) expect(of.get("spoke")).toContain(voice);
  });

  it("refuses two sources of one name", async () => {
    const source = { kind: "folder", path: "talk", licence: "CC0-1.0" } as const;
    const data = { ...smallConfig.data, corpora: [{ source }, { source: { ...source, name: "Talk" } }] };
    const twice = runBuild(smallContext(folder, { out: join(folder, "twice"), config: { data } }));
    await expect(twice).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining('two sources are called "Talk"'),
    });
  });
});

describe("writeBuildManifest", () => {
  it("refuses a speaker whom two sources would put into two splits", async () => {
    const clip = {
      sha256: "0".repeat(64),
      label: "corpus",
      text: "",
      speaker: "common-voice/f00",
      source: "common-voice/en",
      licence: "CC0-1.0",
      durationSeconds: 1,
      sampleRateHz: 16_000,
      provenance: {},
    };
    const set = (id: string, split: "train" | "validation") => ({
      id,
      kind: "corpus" as const,
      clips: [{ ...clip, path: `clips/${id}/0.wav`, split }],
      clean: true,
      copies: 0,
    });
    await expect(
      writeBuildManifest(join(folder, "m"), [set("a", "train"), set("b", "validation")]),
    ).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(
        '"common-voice/f00" is in train (clips/a/0.wav) and in validation (clips/b/0.wav)',
      ),
    });
  });
});

describe("inspectBuild", () => {
  it("counts what the files hold", async () => {
    const report = await inspectBuild(out);
    let windows = 0;
    let near = 0;
    for (const { path } of report.index.shards) {
      const shard = readShard(await readFile(join(out, path)), { name: path });
      windows += shard.windowEnd.length;
      near += shard.label.filter((label) => label === 0).length;
    }
    expect(report).toMatchObject({ windows, labelled: { go: near }, damaged: [] });
    // 12 positives, 4 sentences, 4 parts, 3 of the user's own, 4 recordings, 3 noises.
    expect(report.clips).toBe(30);
    expect(report.bySplit.reduce((sum, { clips }) => sum + clips, 0)).toBe(30);
    // A noise has no voice.
    const voices = report.byVoice.map(({ voice }) => voice);
    expect(voices.every((voice) => /^(flite|talk)\//.test(voice))).toBe(true);
    expect(report.voices).toBe(voices.length);
  });

  it("draws a sample with something of every set", async () => {
    const clips = await sampleClips(out, { count: 12, seed: 1 });
    expect(clips).toHaveLength(12);
    expect(new Set(clips.map(({ path }) => path.split("/")[1])).size).toBe(6);
    expect(await sampleClips(out, { count: 12, seed: 1 })).toEqual(clips);
    expect(await sampleClips(out, { count: 12, seed: 2 })).not.toEqual(clips);
  });
});

async function timesOf(hashes: Record<string, string>, at = out): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const path of Object.keys(hashes))
    times.set(path, (await stat(join(at, path)).catch(() => undefined))?.mtimeMs ?? 0);
  return times;
}

async function changedSince(times: ReadonlyMap<string, number>, at = out): Promise<string[]> {
  const now = await timesOf(Object.fromEntries([...times].map(([path]) => [path, ""])), at);
  return [...times.keys()].filter((path) => now.get(path) !== 0 && now.get(path) !== times.get(path));
}
