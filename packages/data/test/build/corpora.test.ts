import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import {
  type BuildContext,
  createRandom,
  type DataConfigInput,
  describeLeftOut,
  findBuildProblems,
  inspectBuild,
  planBuild,
  readManifest,
} from "@callsign/data/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { toyEmbedding } from "../../../infer/test/support/toy-embedding.ts";
import { sine, wav } from "../sources/support/sounds.ts";
import { runBuild, smallContext } from "./support/small-build.ts";

type Corpora = NonNullable<NonNullable<DataConfigInput["data"]>["corpora"]>;

const licence = "CC0-1.0";
const labels = [
  { label: "hey nimbus", phrases: ["Hey Nimbus"] },
  { label: "lights out", phrases: ["lights out"] },
];

let folder = "";
let builds = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-corpora-"));
  await writeFile(join(folder, "embedding.onnx"), toyEmbedding());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Recordings of tones, every one another; lengths in seconds. */
async function put(files: Readonly<Record<string, number>>): Promise<void> {
  for (const [i, [path, seconds]] of Object.entries(files).entries()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), wav(sine({ hertz: 300 + 7 * i, seconds })));
  }
}

/** A build that speaks nothing: all of it is corpora. */
function contextOf(
  corpora: Corpora,
  more: Partial<DataConfigInput> = {},
  notes: string[] = [],
): BuildContext {
  const none = { clips: 0 };
  const { data, ...rest } = more;
  return smallContext(folder, {
    out: join(folder, `out-${builds++}`),
    onNote: (note) => notes.push(note),
    config: {
      labels,
      data: {
        positives: { clipsPerPhrase: 0 },
        negatives: { sentences: none, nearMisses: none, partial: none },
        scenes: { count: 0 },
        corpora,
        ...data,
      },
      ...rest,
    },
  });
}

async function labelsOf({ out }: BuildContext): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const { label } of readManifest(join(out, "manifest.jsonl")))
    counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

describe("labels of a corpus", () => {
  beforeAll(() =>
    put({
      "mine/1.wav": 0.3,
      "mine/2.wav": 0.3,
      "sorted/hey nimbus/1.wav": 0.3,
      "sorted/other/1.wav": 0.3,
      "Hey_Nimbus/1.wav": 0.3,
      "typo/hey nimbsu/1.wav": 0.3,
      "typo/lights out/1.wav": 0.3,
      "named/hey-nimbus_01.wav": 0.3,
      "named/HeyNimbus2.wav": 0.3,
      "named/lecture.wav": 0.3,
    }),
  );

  it.each<[string, Corpora[number]["role"], object, string]>([
    [
      "mine",
      undefined,
      { label: "hey nimbus" },
      '2 of 2 recordings are labelled "hey nimbus", as the detector',
    ],
    [
      "mine",
      undefined,
      { label: "Hey Nimbus" },
      'set role: labelled and source.label: hey nimbus if "hey nimbus" is said',
    ],
    ["mine", undefined, { label: "hey nimbsu" }, 'and the detector has "hey nimbus"'],
    ["mine", undefined, { text: "OK, hey nimbus!" }, 'contain the phrase "Hey Nimbus" (2 of 2 recordings)'],
    ["Hey_Nimbus", undefined, {}, '1 of 1 recording are labelled "Hey_Nimbus"'],
    ["sorted", undefined, {}, '1 of 2 recordings are labelled "hey nimbus"'],
    ["named", undefined, {}, 'contain the phrase "Hey Nimbus" (2 of 3 recordings)'],
    ["mine", "labelled", { label: "Hey nimbus" }, 'did you mean "hey nimbus"?'],
    ["mine", "labelled", { label: "hey nimbsu" }, 'did you mean "hey nimbus"?'],
    [
      "mine",
      "labelled",
      {},
      'role: labelled uses recordings labelled "hey nimbus", "lights out", got "mine"',
    ],
    ["typo", "labelled", {}, 'its label "hey nimbsu" is none of the detector\'s; did you mean "hey nimbus"?'],
  ])("%s, role %s, %j: refused before anything is made", async (path, role, more, message) => {
    const context = contextOf([
      { source: { kind: "folder", path, licence, ...more }, ...(role && { role }) },
    ]);
    await expect(runBuild(context)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
    await expect(stat(context.out)).rejects.toThrow("ENOENT");
  });

  it("are positives where it says so, and negatives where it says so", async () => {
    const source = (path: string, more: object = {}) => ({ kind: "folder" as const, path, licence, ...more });
    const context = contextOf([
      { source: source("sorted"), role: "labelled" },
      { source: source("mine", { label: "hey nimbus" }), role: "negative" },
      { source: source("named", { exclude: ["*nimbus*", "*Nimbus*"] }) },
    ]);
    await runBuild(context, { until: "collect" });
    expect(await labelsOf(context)).toEqual({ "hey nimbus": 1, corpus: 4 });
  });

  it("of a long recording are compared, too", async () => {
    await put({ "long.wav": 2 });
    const commands = [{ startSample: 8000, endSample: 15_999, label: "Lights Out" }];
    await writeFile(join(folder, "truth.json"), JSON.stringify({ sampleRateHz: 16_000, commands }));
    const source = {
      kind: "clip",
      path: "long.wav",
      truth: "truth.json",
      licence,
      label: "hey nimbus",
    } as const;
    await expect(runBuild(contextOf([{ source }]))).rejects.toThrow(
      'its label "Lights Out" is none of the detector\'s; did you mean "lights out"?',
    );
  });
});

describe("what is left out", () => {
  it("is little, and named: one bad file, a double, silence, and a phrase too long", async () => {
    await put(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`talk/anna-${i}.wav`, 0.3])));
    await writeFile(join(folder, "talk", "bad.flac"), "fLaC but no more than that");
    await writeFile(join(folder, "talk", "double.wav"), await readFile(join(folder, "talk", "anna-3.wav")));
    await put({ "hey nimbus/good.wav": 0.5, "hey nimbus/long.wav": 3 });
    await writeFile(join(folder, "hey nimbus", "silent.wav"), wav(new Float32Array(8000)));
    await put({ "hum/a.wav": 2.4 });
    const context = contextOf(
      [
        { source: { kind: "folder", path: "talk", licence, maxSeconds: 1 } },
        { source: { kind: "folder", path: "hey nimbus", licence, maxSeconds: 1 }, role: "labelled" },
      ],
      { data: { noise: [{ source: { path: "hum", licence, segmentSeconds: 1 } }] } },
    );
    const { index } = await runBuild(context);
    expect(await labelsOf(context)).toEqual({ corpus: 20, "hey nimbus": 1, noise: 2 });
    expect(describeLeftOut(index!.sets)).toEqual([
      "corpus-talk: 1 cannot be read",
      expect.stringMatching(/^ {2}.*talk\/bad\.flac: \S/),
      "corpus-talk: 1 the same as one before",
      "  double.wav",
      "corpus-hey-nimbus: 1 too long for a recording of a phrase",
      "  long.wav",
      "corpus-hey-nimbus: 1 without speech",
      "  silent.wav",
      "noise-hum: 1 too short",
      expect.stringMatching(/a\.wav: the last 0\.40 s$/),
    ]);
    expect((await inspectBuild(context.out)).index.sets).toEqual(index!.sets);
  });

  it("is too much where most of a corpus cannot be read, or nothing of it is left", async () => {
    await put({ "broken/good.wav": 0.3, "same/a.wav": 0.3 });
    for (const name of ["a", "b"]) await writeFile(join(folder, "broken", `${name}.wav`), "RIFF or so");
    const corpus = (path: string, more: object = {}) =>
      contextOf([{ source: { kind: "folder", path, licence, ...more } }]);
    await expect(runBuild(corpus("broken"))).rejects.toMatchObject({
      code: "TOO_MANY_FAULTS",
      message: expect.stringContaining("2 of 3 clips are broken"),
    });
    await runBuild(corpus("broken", { mostFaultShare: 0.7 }), { until: "collect" });
    await writeFile(join(folder, "same", "a.wav"), wav(new Float32Array(3200)));
    const silent = contextOf([
      { source: { kind: "folder", path: "same", licence, label: "lights out" }, role: "labelled" },
    ]);
    await expect(runBuild(silent)).rejects.toThrow(
      /no recording is left to be used\n {2}corpus-same: 1 without speech\n/,
    );
  });
});

describe("a long recording", () => {
  it("is cut, its segments stay in one split, and the plan has as many as the build", async () => {
    await put({ "long/anna-1.wav": 70, "long/ben-1.wav": 61, "long/cleo-1.wav": 5 });
    const context = contextOf([
      { source: { kind: "folder", path: "long", licence, speakerPattern: "(?<speaker>[a-z]+)-" } },
    ]);
    const plan = await planBuild(context, []);
    await runBuild(context, { until: "collect" });
    const splits = new Map<string, Set<string>>();
    let seconds = 0;
    let clips = 0;
    for await (const { speaker, split, durationSeconds } of readManifest(
      join(context.out, "manifest.jsonl"),
    )) {
      splits.set(speaker, (splits.get(speaker) ?? new Set()).add(split));
      seconds += durationSeconds;
      clips++;
    }
    expect(clips).toBe(5);
    expect(seconds).toBeCloseTo(136, 3);
    expect([...splits.values()].every((of) => of.size === 1)).toBe(true);
    expect(plan.sets[0]).toMatchObject({ files: 3, clips: 5 });
    expect(plan.sets[0]!.seconds).toBeCloseTo(136, 1);
  });
});

describe("recordings of unknown speakers", () => {
  const splitsOf = async (context: BuildContext): Promise<Record<string, Record<string, number>>> => {
    const minutes: Record<string, Record<string, number>> = {};
    for await (const { speaker, split, durationSeconds } of readManifest(join(context.out, "manifest.jsonl")))
      (minutes[split] ??= {})[speaker] = (minutes[split]?.[speaker] ?? 0) + durationSeconds;
    return minutes;
  };
  const collect = async (path: string, more: object = {}) => {
    const notes: string[] = [];
    const context = contextOf([{ source: { kind: "folder", path, licence, ...more } }], {}, notes);
    await runBuild(context, { until: "collect" });
    return { splits: await splitsOf(context), notes };
  };

  it("are split by file: a quarter of the files in validation, each with all of its segments", async () => {
    const files = Array.from({ length: 12 }, (_, i) => [`people/${i}.wav`, i % 4 === 0 ? 2.5 : 0.5] as const);
    await mkdir(join(folder, "people"), { recursive: true });
    for (const [path, seconds] of files) {
      const random = createRandom(path);
      const samples = Float32Array.from({ length: seconds * 16_000 }, () => random.uniform(-9000, 9000));
      await writeFile(join(folder, path), wav(samples));
    }
    const { splits, notes } = await collect("people", { maxSeconds: 1 });
    const [train, validation] = [splits.train!, splits.validation!].map((of) => Object.keys(of));
    expect(validation).toHaveLength(3);
    expect(train).toHaveLength(9);
    expect(train!.filter((file) => validation!.includes(file))).toEqual([]);
    for (const [i, [path, seconds]] of files.entries()) {
      const file = `folder/people/${i}.wav`;
      expect((splits.train![file] ?? splits.validation![file])!, path).toBeCloseTo(seconds, 3);
    }
    expect(notes).toContainEqual(
      expect.stringMatching(/^people: 0\.\d minutes in train, 0\.\d in validation$/),
    );
  });

  it("are in train where there is one, which is said, and in both splits where there are two or three", async () => {
    await put({ "one/a.wav": 0.3, "two/a.wav": 0.3, "two/b.wav": 0.3 });
    await put({ "three/a.wav": 0.3, "three/b.wav": 0.3, "three/c.wav": 0.3 });
    const one = await collect("one");
    expect(Object.keys(one.splits)).toEqual(["train"]);
    expect(one.notes).toEqual([
      "corpus-one: has one speaker or recording only, so all of it is in train; " +
        "add a second one to have some in train and some in validation",
      "people: 0.0 minutes in train, 0.0 in validation; epoch and threshold are chosen on synthetic voices only. Give several recordings or speakers",
    ]);
    for (const path of ["two", "three"]) {
      const { splits } = await collect(path);
      expect(Object.keys(splits.validation!)).toHaveLength(1);
      expect(Object.keys(splits.train!)).toHaveLength(path === "two" ? 1 : 2);
    }
  });

  it("stay where an earlier corpus has put their speaker, and where the config puts a corpus", async () => {
    await put(Object.fromEntries(["a", "b", "c", "d"].map((name) => [`first/${name}-1.wav`, 0.3])));
    await put(
      Object.fromEntries(["a", "b", "c", "d"].map((name, i) => [`second/${name}-2.wav`, 0.31 + i / 100])),
    );
    const source = (path: string) => ({
      kind: "folder" as const,
      path,
      licence,
      speakerPattern: "(?<speaker>[a-z])-",
    });
    const context = contextOf([
      { source: source("first") },
      { source: source("second"), split: "validation" },
    ]);
    await runBuild(context, { until: "collect" });
    const splits = await splitsOf(context);
    expect(Object.keys(splits.train!).every((speaker) => speaker.startsWith("first/"))).toBe(true);
    expect(Object.keys(splits.validation!).filter((speaker) => speaker.startsWith("second/"))).toHaveLength(
      4,
    );
  });
});

describe("findBuildProblems", () => {
  it("finds everything at once, each with where and what to do", async () => {
    await mkdir(join(folder, "empty"), { recursive: true });
    await mkdir(join(folder, "m4a"), { recursive: true });
    await mkdir(join(folder, "texts"), { recursive: true });
    for (const name of ["a", "b"]) await writeFile(join(folder, "m4a", `${name}.m4a`), "no audio at all");
    await writeFile(join(folder, "texts", "readme.txt"), "");
    await put({ "labelled/1.wav": 0.3 });
    const source = (path: string, more: object = {}) => ({ kind: "folder" as const, path, licence, ...more });
    const context = contextOf(
      [
        { source: source("nowhere") },
        { source: source("empty") },
        { source: source("texts") },
        { source: source("m4a") },
        { source: source("labelled", { label: "Lights out" }), role: "labelled" },
      ],
      {
        labels: [...labels, { label: "rocket", phrases: ["go 🚀 Привет"] }],
        frontend: { embedding: "missing.onnx" },
        data: {
          positives: { clipsPerPhrase: 10 },
          engines: [{ kind: "vits", model: "./no-model" }, { kind: "flite" }],
        },
      },
    );
    const problems = await findBuildProblems(context);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/"go 🚀 Привет" cannot be spoken: .*got "🚀", "Привет"; write it as it is said/),
      expect.stringContaining("no-model"),
      expect.stringContaining("nowhere: no such file or folder, named by corpus-nowhere in the config"),
      expect.stringMatching(/empty: expected recordings .*got an empty folder$/),
      expect.stringMatching(/texts: expected recordings .*got 1 \.txt$/),
      expect.stringMatching(/corpus-m4a .*2 of 2 recordings were tried and none can be read: /),
      expect.stringContaining('did you mean "lights out"?'),
      expect.stringContaining("missing.onnx"),
    ]);
    await expect(runBuild(context)).rejects.toThrow(
      /^8 problems, found before anything was made:\n {2}1\. labels: /,
    );
    await expect(stat(context.out)).rejects.toThrow("ENOENT");
  });

  it("compares the build with the disk", async () => {
    const data = { positives: { clipsPerPhrase: 1_000_000, copies: 1000 } };
    const [problem, ...others] = await findBuildProblems(contextOf([], { data }));
    expect(others).toEqual([]);
    expect(problem?.message).toMatch(
      /the build takes about [\d.]+ GiB, and the disk has [\d.]+ GiB free; make room/,
    );
  });
});

describe("records of a build that are damaged", () => {
  it("are made again, with a note, and the build is as it was", async () => {
    await put({ "few/a.wav": 0.4, "few/b.wav": 0.4 });
    const notes: string[] = [];
    const context = contextOf([{ source: { kind: "folder", path: "few", licence } }], {}, notes);
    const { index } = await runBuild(context);
    const state = [
      "state/corpus-few/00000.json",
      "state/shards/corpus-few-train-0000.json",
      "plan.json",
      "index.json",
      "texts.json",
    ];
    const found = await Promise.all(
      state.map(async (path) =>
        (await stat(join(context.out, path)).catch(() => undefined)) ? path : undefined,
      ),
    );
    for (const damage of ["", "null", '{"key":1']) {
      for (const path of found.filter((one) => one !== undefined))
        await writeFile(join(context.out, path), damage);
      await expect(inspectBuild(context.out)).rejects.toThrow(
        `run: callsign data build --config FILE --out ${context.out}`,
      );
      expect((await runBuild(context)).index).toEqual(index);
      expect((await inspectBuild(context.out)).damaged).toEqual([]);
    }
    expect(notes).toContainEqual(
      expect.stringContaining("plan.json was missing or damaged; it is written again"),
    );
    expect(notes).toContainEqual(
      expect.stringContaining("00000.json was damaged; what it recorded is made again"),
    );
  });
});
