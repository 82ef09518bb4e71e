/**
 * `npx tsx --conditions=@callsign/source experiments/scale.ts plan CLIPS` plans, lists and indexes a build of so many clips;
 * `... scale.ts draw HOURS FOLDER` opens shards of so many hours in FOLDER (made there if missing: real windows, features that take
 * no room on the disk) and draws batches from them. Prints processor seconds and peak memory of each step.
 */
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import {
  type ClipKind,
  type CollectedSet,
  createRandom,
  type FeatureShard,
  type ManifestClip,
  openShard,
  parseDataConfig,
  writeShard,
} from "@callsign/data/internal";
import { FRONTEND_ID } from "@callsign/infer/internal";
import { sha256Hex, SPEECH_EMBEDDING } from "@callsign/infer/node/internal";
import {
  Batches,
  FeatureStore,
  openShards,
  parseDetectorConfig,
  resolveTraining,
} from "@callsign/train/internal";

import { writeBuildManifest, writeIndex } from "../packages/data/src/build/build-index.ts";
import { featureSettings } from "../packages/data/src/features/feature-settings.ts";
import { planShards } from "../packages/data/src/features/shard-plan.ts";

const config = { labels: [{ label: "hey nimbus", phrases: ["hey nimbus"] }] };
const [command, size, folder = ""] = process.argv.slice(2);

async function step<T>(name: string, work: () => Promise<T> | T): Promise<T> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const seconds = ((user + system) / 1e6).toFixed(1);
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`${name.padEnd(44)} ${seconds.padStart(7)} s   peak ${peakMiB} MiB`);
  return result;
}

if (command === "plan") await plan(Number(size));
else if (command === "draw") await draw(Number(size), folder);
else throw new Error("expected: plan CLIPS, or draw HOURS FOLDER");

async function plan(clips: number): Promise<void> {
  const out = await mkdtemp(join(tmpdir(), "callsign-scale-"));
  try {
    const sets = await step(`${clips} clips in memory`, () => setsOf(clips));
    const parsed = parseDataConfig(config, { name: "scale" });
    const embedding = { path: "", sha256: SPEECH_EMBEDDING.sha256 };
    const settings = featureSettings(parsed, embedding);
    let shards = 0;
    await step("all shards planned and hashed", () => {
      const options = {
        settings,
        sets,
        shardSeconds: 600,
        scenes: 1000,
        shares: { train: 0.8, validation: 0.2 },
      };
      const plans = planShards(options);
      while (plans.next().done !== true) shards++;
    });
    const manifest = await step("manifest written", () => writeBuildManifest(out, sets));
    const entry = {
      path: "shards/x",
      sha256: "",
      bytes: 1,
      rows: 1,
      windows: 1,
      labelled: {},
      seconds: 600,
      leftOut: {},
    };
    const entries = Array.from({ length: shards }, () => ({
      ...entry,
      split: "train",
      source: "x",
      kind: "corpus",
      inputsSha256: "",
    }));
    const context = { config: parsed, out, identity: { tool: "callsign", version: "0" } };
    await step(`index of ${shards} shards written`, () =>
      writeIndex(context as never, {
        sets,
        features: [],
        shards: entries as never,
        embedding,
        manifest,
      }),
    );
  } finally {
    await rm(out, { recursive: true });
  }
}

/** A fifth positives, two fifths other synthesized clips, two fifths people's, with the fields that builds have. */
function setsOf(clips: number): CollectedSet[] {
  const parts: [ClipKind, number, number][] = [
    ["positive", 0.2, 4],
    ["near-miss", 0.2, 1],
    ["sentence", 0.2, 1],
    ["corpus", 0.39, 0],
    ["noise", 0.01, 0],
  ];
  return parts.map(([kind, share, copies]) => ({
    id: `${kind}-a`,
    kind,
    copies,
    clean: copies === 0,
    clips: Array.from({ length: Math.round(share * clips) }, (_, i) => clipOf(kind, i)),
  }));
}

function clipOf(kind: ClipKind, i: number): ManifestClip {
  const path = `clips/${kind}-a/${String(i).padStart(6, "0")}.wav`;
  const speaker = i % 5000;
  const isPeople = kind === "corpus" || kind === "noise";
  return {
    path,
    sha256: sha256Hex(path),
    label: kind === "positive" ? "hey nimbus" : kind,
    text: kind === "positive" ? "hey nimbus" : `words that are said in the clip of number ${i}`,
    speaker: `${isPeople ? kind : "vits/libritts"}/${speaker}`,
    source: isPeople ? `folder/${kind}` : "vits",
    licence: "CC-BY-4.0",
    split: speaker % 5 === 0 ? "validation" : "train",
    durationSeconds: isPeople ? 10 : 1.5 + (i % 100) / 50,
    sampleRateHz: 16_000,
    provenance: isPeople
      ? {
          file: `speaker-${speaker}/recording-${i}.opus`,
          id: `speaker-${speaker}/recording-${i}.opus`,
          label: kind,
        }
      : {
          engine: "vits",
          voice: `vits/libritts/${speaker}`,
          attempts: 1,
          noiseScale: 0.6 + i / 1e7,
          noiseScaleW: 0.8 + i / 1e7,
          lengthScale: 1 + i / 1e7,
        },
  };
}

async function draw(hours: number, dataDir: string): Promise<void> {
  const shards = Math.ceil(hours * 6);
  if (!(await readFile(join(dataDir, "index.json")).catch(() => undefined)))
    await step(`${shards} sparse shards made`, () => makeShards(dataDir, shards));
  const detector = parseDetectorConfig(config, { name: "scale" });
  const training = resolveTraining(detector);
  const opened = await step(`${shards} shards (${hours} h) opened`, async () => {
    const opening = openShards(dataDir, { config: detector, policy: training.policy });
    for (;;) {
      const { done, value } = await opening.next();
      if (done === true) return value;
    }
  });
  const features = new FeatureStore(opened.tables, { maxBytes: 512 * 2 ** 20 });
  const batches = await step(
    "streams of windows ready",
    () =>
      new Batches({
        tables: opened.tables,
        features,
        labels: 1,
        embeddings: 16,
        train: detector.train,
        random: createRandom(1),
      }),
  );
  const steps = 200;
  await step(`${steps} batches drawn`, () => {
    for (let i = 0; i < steps; i++) batches.at(i);
  });
  features.close();
}

/** Shards of ten minutes of clips of nine seconds: one in fifty of positives, the others of people. */
async function makeShards(dataDir: string, shards: number): Promise<void> {
  const entries = [];
  const templates = new Map<string, { head: Uint8Array; bytes: number }>();
  for (let i = 0; i < shards; i++) {
    const kind = i % 50 < 2 ? "positive" : "corpus";
    const split = i % 10 === 0 || i === 11 ? "validation" : "train";
    const template = templates.get(kind + split) ?? (await templateOf(dataDir, { kind, split }));
    templates.set(kind + split, template);
    const path = `shards/${split}/${String(i % 256).padStart(3, "0")}/${i}.safetensors`;
    // Every folder of both splits is among these: the folder repeats after 256, the split after 10.
    if (i < 256 * 10) await mkdir(dirname(join(dataDir, path)), { recursive: true });
    await writeFile(join(dataDir, path), template.head);
    await truncate(join(dataDir, path), template.bytes);
    entries.push({
      path,
      split,
      source: kind,
      kind,
      sha256: String(i),
      windows: 6432,
      bytes: template.bytes,
    });
  }
  const index = {
    formatVersion: 2,
    labels: ["hey nimbus"],
    frontend: { id: FRONTEND_ID, floor: "chunk", embeddingSha256: SPEECH_EMBEDDING.sha256 },
    manifest: { path: "manifest.jsonl", sha256: "" },
    sets: [],
    shards: entries,
    features: [],
    licences: [],
  };
  await writeFile(join(dataDir, "index.json"), JSON.stringify(index));
}

/** The bytes of a shard before its features, which are zeros that a sparse file does not store. */
async function templateOf(
  dataDir: string,
  { kind, split }: { readonly kind: string; readonly split: "train" | "validation" },
): Promise<{ head: Uint8Array; bytes: number }> {
  const [clips, perClip] = [67, 96];
  const windows = clips * perClip;
  const near = (i: number): boolean => kind === "positive" && i % perClip > 60 && i % perClip < 80;
  const shard: FeatureShard = {
    embeddings: new Float32Array(clips * (perClip + 15) * 96),
    windowEnd: Int32Array.from({ length: windows }, (_, i) => i + 15 * (1 + Math.floor(i / perClip))),
    clip: Int32Array.from({ length: windows }, (_, i) => Math.floor(i / perClip)),
    label: Int32Array.from({ length: windows }, (_, i) => (near(i) ? 0 : -1)),
    heard: Float32Array.from({ length: windows }, (_, i) => (near(i) ? 1 : 0)),
    sinceEnd: Int32Array.from({ length: windows }, (_, i) => (near(i) ? 1000 : -1)),
    metadata: {
      labels: ["hey nimbus"],
      split,
      source: kind,
      kind,
      embeddingsPerWindow: 16,
      frontend: FRONTEND_ID,
      floor: "chunk",
      embeddingSha256: SPEECH_EMBEDDING.sha256,
      configSha256: "0".repeat(64),
      inputsSha256: "0".repeat(64),
      seed: "0",
      tool: "scale",
      clips: Array.from({ length: clips }, (_, i) => ({
        clip: `clips/${kind}-a/${100_000 + i}.wav`,
        speaker: `${kind}/${i}`,
        copy: -1,
      })),
    },
  };
  const bytes = writeShard(shard);
  const path = join(dataDir, `${kind}-${split}.safetensors`);
  await mkdir(dataDir, { recursive: true });
  await writeFile(path, bytes);
  const { embeddingsByte } = await openShard(path);
  await rm(path);
  return { head: bytes.slice(0, embeddingsByte), bytes: bytes.length };
}
