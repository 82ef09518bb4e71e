import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeWav } from "@callsign/audio/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLessonRecordings } from "../../src/lessons/lesson-recordings.ts";
import { recordingsOfSplit } from "../../src/lessons/lesson-split.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-recordings-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("openLessonRecordings", () => {
  it("decodes a folder once, into segments that are its recordings, and again when it has changed", async () => {
    const [corpus, out] = [join(folder, "corpus"), join(folder, "out")];
    const samples = Float32Array.from(
      { length: 12 * 16_000 },
      (_, i) => Math.round(9000 * Math.sin(i * i)) || 0,
    );
    const wav = writeWav({ samples: samples.map((value) => value / 32_768), sampleRateHz: 16_000 });
    await mkdir(join(corpus, "anna"), { recursive: true });
    await writeFile(join(corpus, "anna", "1.wav"), wav);
    const recordings = await openLessonRecordings(corpus, { out });
    expect(recordings.segments.length).toBeGreaterThan(2);
    const parts = [];
    for (const segment of recordings.segments) {
      expect(segment.path).toBe("anna/1.wav");
      expect(segment.length).toBeLessThanOrEqual(5 * 16_000);
      parts.push(...(await recordings.read(segment)));
    }
    expect(Float32Array.from(parts)).toEqual(samples);

    await openLessonRecordings(corpus, { out });
    expect(await readdir(out)).toHaveLength(1);
    await writeFile(join(corpus, "2.wav"), wav);
    const contents = join(folder, "contents.tsv");
    await writeFile(
      contents,
      "file\tstart\tend\ttext\n2.wav\t0.5\t1.25\tcomputer\n2.wav\t3\t4\tgood morning\n",
    );
    const told = await openLessonRecordings(corpus, { out, contents });
    const [word, sentence] = told.segments;
    expect([word, sentence]).toMatchObject([
      { path: "2.wav", text: "computer", length: 12_000 },
      { path: "2.wav", text: "good morning", length: 16_000 },
    ]);
    expect(await told.read(word!)).toEqual(samples.slice(8000, 20_000));
    expect(told.segments.slice(2).map(({ path }) => path)).toEqual(
      recordings.segments.map(({ path }) => path),
    );
    await writeFile(contents, "file\tstart\tend\ttext\n2.wav\t1\t0.5\tcomputer\n");
    await expect(openLessonRecordings(corpus, { out, contents })).rejects.toThrow(
      "line 2: expected file, start, end",
    );
    const grown = await openLessonRecordings(corpus, { out });
    expect(grown.segments).toHaveLength(2 * recordings.segments.length);
  });
});

describe("recordingsOfSplit", () => {
  const recordings = Array.from({ length: 60 }, (_, i) => ({ path: `speaker ${i % 30}/${i}.wav` }));
  const speakers = (split: "train" | "validation", of = recordings): Set<string> =>
    new Set(recordingsOfSplit(of, { split, seed: "1" }).map(({ path }) => path.split("/")[0]!));

  it("puts every speaker in one split, a tenth in validation", () => {
    expect(speakers("validation").size).toBe(3);
    expect(speakers("train").size).toBe(27);
    expect([...speakers("train")].filter((speaker) => speakers("validation").has(speaker))).toEqual([]);
  });

  it("keeps a corpus of few or unknown speakers for training", () => {
    expect(
      speakers(
        "validation",
        recordings.filter((_, i) => i % 30 < 9),
      ).size,
    ).toBe(0);
    const unknown = [{ path: "1.wav" }, { path: "2.wav" }];
    expect(recordingsOfSplit(unknown, { split: "train", seed: "1" })).toEqual(unknown);
  });
});
