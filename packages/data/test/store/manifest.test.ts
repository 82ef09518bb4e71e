import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createRandom, type ManifestClip, readManifest, writeManifest } from "@callsign/data/internal";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-manifest-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const clip = (path: string, changes: Partial<ManifestClip> = {}): ManifestClip => ({
  path,
  sha256: "ab".repeat(32),
  label: "hey computer",
  text: "hey, “computer”\n\u2028",
  speaker: "flite/slt",
  source: "flite",
  licence: "BSD-3-Clause",
  split: "train",
  durationSeconds: 1.25,
  sampleRateHz: 16_000,
  provenance: { pitch: 1.1, voice: "slt", breathy: false },
  ...changes,
});

async function readAll(path: string): Promise<ManifestClip[]> {
  const clips: ManifestClip[] = [];
  for await (const one of readManifest(path)) clips.push(one);
  return clips;
}

const refusal = async (line: string): Promise<string> => {
  const path = join(folder, "bad.jsonl");
  await writeFile(path, `${JSON.stringify(clip("a.wav"))}\n${line}\n`);
  const error: unknown = await readAll(path).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "MANIFEST_INVALID" });
  return String(error).replaceAll(folder, "");
};

describe("manifest", () => {
  it("gives back what was written, whatever the texts hold", async () => {
    const path = join(folder, "m.jsonl");
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,8}){0,2}\.wav$/), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.string({ unit: "grapheme", maxLength: 60 }),
        fc.double({ min: 1e-3, max: 1e5, noNaN: true }),
        async (paths, text, durationSeconds) => {
          const clips = paths.map((one) => clip(one, { text, durationSeconds }));
          await writeManifest(path, clips);
          expect(await readAll(path)).toEqual(clips.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  it("has the same bytes whatever order the clips and their keys come in", async () => {
    const clips = ["b.wav", "a/b.wav", "é.wav", "a.wav", "B.wav"].map((path) => clip(path));
    const turned = createRandom(3)
      .shuffle(clips)
      .map(({ provenance, ...rest }) => ({
        provenance: Object.fromEntries(Object.entries(provenance).toReversed()),
        ...Object.fromEntries(Object.entries(rest).toReversed()),
      })) as unknown as ManifestClip[];
    const first = await writeManifest(join(folder, "1"), clips);
    const second = await writeManifest(join(folder, "2"), turned);
    const bytes = await readFile(join(folder, "1"));
    expect(await readFile(join(folder, "2"))).toEqual(bytes);
    expect(first).toEqual(second);
    expect(first).toEqual({ clips: 5, sha256: createHash("sha256").update(bytes).digest("hex") });
    expect(Object.keys(JSON.parse(bytes.toString().split("\n")[0]!) as object).join(" ")).toBe(
      "path sha256 label text speaker source licence split durationSeconds sampleRateHz provenance",
    );
  });

  it("names the file, the line and the field of what is wrong", async () => {
    const good = clip("b.wav");
    expect(await refusal(JSON.stringify({ ...good, split: "dev" }))).toMatch(/bad\.jsonl:2: split: .*"dev"/);
    expect(await refusal(JSON.stringify({ ...good, licence: undefined }))).toMatch(/bad\.jsonl:2: licence: /);
    expect(await refusal(JSON.stringify({ ...good, lable: "x" }))).toMatch(/"lable"; did you mean "label"\?/);
    expect(await refusal("{broken")).toMatch(
      /bad\.jsonl:2: expected one clip as a JSON object, got "{broken"/,
    );
    expect(await refusal("")).toMatch(/bad\.jsonl:2: expected one clip/);
    for (const path of ["../b.wav", "/b.wav", "a//b.wav", "a\\b.wav", "C:/b.wav", "./b.wav", "a/..", "a\0"])
      expect(await refusal(JSON.stringify({ ...good, path }))).toMatch(
        /bad\.jsonl:2: path: expected a relative path/,
      );
  });

  it("refuses a path twice and a bad clip before it writes anything", async () => {
    const path = join(folder, "m.jsonl");
    await writeManifest(path, [clip("old.wav")]);
    await expect(writeManifest(path, [clip("a.wav"), clip("a.wav")])).rejects.toThrow(
      `two clips have the path "a.wav"`,
    );
    await expect(writeManifest(path, [clip("a.wav", { durationSeconds: 0 })])).rejects.toThrow(
      /"a.wav": durationSeconds/,
    );
    expect(await readAll(path)).toEqual([clip("old.wav")]);
  });

  it("refuses a missing file, bytes that are no text, and a line without end", async () => {
    await expect(readAll(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await writeFile(join(folder, "latin1"), Buffer.from([0x7b, 0xe9, 0x0a]));
    await expect(readAll(join(folder, "latin1"))).rejects.toThrow(/latin1:1: expected UTF-8/);
    await writeFile(join(folder, "long"), Buffer.alloc(3 << 20, "x"));
    await expect(readAll(join(folder, "long"))).rejects.toThrow(/long:1: a line of more than/);
  });

  it("stops when asked to", async () => {
    const path = join(folder, "m.jsonl");
    await writeManifest(path, [clip("a.wav")]);
    const read = readManifest(path, { signal: AbortSignal.abort() });
    await expect(read.next()).rejects.toMatchObject({ code: "ABORTED" });
  });
});
