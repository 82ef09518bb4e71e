import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll } from "vitest";

import { createSource } from "@callsign/data";

import { describeClipSource } from "./support/clip-source-contract.ts";
import { makeClips, mozillaFiles, writeTree } from "./support/corpora.ts";
import { sineMp3 } from "./support/mp3.ts";
import { put, sine, sineOgg, wav } from "./support/sounds.ts";

let root: string;
let fine: string;
let bad: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "callsign-sources-"));
  [fine, bad] = [join(root, "fine"), join(root, "bad")];
  for (const folder of [fine, bad]) {
    await put(folder, "a.wav", wav(sine({ hertz: 300 })));
    await put(folder, "b.mp3", await sineMp3({ hertz: 400, seconds: 0.5 }));
    await put(folder, "inner/c.ogg", await sineOgg({ hertz: 500, seconds: 0.5 }));
  }
  await put(bad, "d.wav", "RIFF, and no recording");
  await put(
    root,
    "truth.json",
    JSON.stringify({ sampleRateHz: 16_000, commands: [{ startSample: 3000, endSample: 5000 }] }),
  );
  const clips = await makeClips();
  await writeTree(join(root, "corpus"), mozillaFiles(clips));
  const damaged = clips.map((clip, i) => (i === 2 ? { ...clip, mp3: new Uint8Array(1500) } : clip));
  await writeTree(join(root, "damaged"), mozillaFiles(damaged));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const nowhere = (): string => join(root, "nowhere");
const licence = "CC0-1.0";

for (const kind of ["folder", "noise", "impulse-responses"] as const) {
  const source = (path: string, more: object = {}) =>
    Promise.resolve(createSource({ kind, path, licence, ...more }));
  describeClipSource({
    name: kind,
    good: () => source(fine),
    broken: (mostFaultShare) => source(bad, { mostFaultShare }),
    missing: () => source(nowhere()),
    misspelt: () => createSource({ kind, path: fine, licens: licence } as never),
  });
}

const clip = { kind: "clip", licence, label: "command" } as const;
describeClipSource({
  name: "clip",
  good: async () => createSource({ ...clip, path: join(fine, "a.wav"), truth: join(root, "truth.json") }),
  missing: async () => createSource({ ...clip, path: nowhere(), truth: join(root, "truth.json") }),
  misspelt: () => createSource({ kind: "clip", path: "a", truth: "b", label: "c", licens: licence } as never),
});

const corpus = { kind: "common-voice", minSeconds: 0.1 } as const;
describeClipSource({
  name: "common-voice",
  good: async () => createSource({ ...corpus, path: join(root, "corpus") }),
  broken: async (mostFaultShare) => createSource({ ...corpus, path: join(root, "damaged"), mostFaultShare }),
  missing: async () => createSource({ ...corpus, path: nowhere() }),
  misspelt: () => createSource({ ...corpus, path: "a", licens: licence } as never),
});
