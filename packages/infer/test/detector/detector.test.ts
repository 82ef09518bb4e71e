import { readFile } from "node:fs/promises";
import { FLACDecoder } from "@wasm-audio-decoders/flac";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromInt16, toMagnitudes } from "@callsign/audio/internal";
import {
  createDetector,
  createFrontend,
  type Detector,
  type DetectorStep,
  loadClassifier,
} from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { exampleCard, slidingCard } from "../support/example-card.ts";
import { makeDetector } from "../support/make-detector.ts";
import { noise } from "../../../../test-support/noise.ts";
import { referenceScores } from "../support/open-wake-word.ts";
import { tinyHead } from "../support/tiny-head.ts";
import { toyEmbedding } from "../support/toy-embedding.ts";

const INT16 = noise(30_000);
const SAMPLES = fromInt16(INT16);
/** As the front-end reads them. */
const MAGNITUDES = Float32Array.from(INT16);

const scoresOf = (steps: readonly DetectorStep[]): number[] => steps.flatMap(({ scores }) => [...scores]);

/** Cuts audio into chunks of a length, or of the lengths a function gives. */
function* cut(samples: Float32Array, length: number | (() => number)): Generator<Float32Array> {
  for (let from = 0; from < samples.length;) {
    const size = typeof length === "number" ? length : length();
    yield samples.subarray(from, from + size);
    from += size;
  }
}

async function hear(
  detector: Pick<Detector, "push">,
  chunks: Iterable<Float32Array | Int16Array>,
): Promise<DetectorStep[]> {
  const steps: DetectorStep[] = [];
  for (const chunk of chunks) steps.push(...(await detector.push(chunk)));
  return steps;
}

describe.each([
  ["embedding-sequence", exampleCard(), 1280],
  ["sliding-audio", slidingCard(), 512],
])("Detector, %s", (_, card, hopLength) => {
  let detector: Detector;
  let whole: DetectorStep[];

  beforeAll(async () => {
    detector = await makeDetector(card);
    whole = await detector.open().push(SAMPLES);
  });
  afterAll(() => detector.dispose());

  it("makes one step a hop, stamped with the end of its audio", () => {
    expect(whole).toHaveLength(Math.floor(SAMPLES.length / hopLength));
    expect(whole.map(({ timestampMs }) => timestampMs)).toEqual(
      whole.map((__, i) => ((i + 1) * hopLength) / 16),
    );
    expect(new Set(scoresOf(whole)).size).toBeGreaterThan(whole.length / 2);
  });

  it.each([1, 160, 511, 512, 1279, 1280, 7777])("gives the same steps in chunks of %i", async (length) => {
    // One sample at a time is slow to await: a part of the audio is enough.
    const samples = length === 1 ? SAMPLES.subarray(0, 3 * hopLength + 5) : SAMPLES;
    const steps = await hear(detector.open(), cut(samples, length));
    expect(steps).toEqual(whole.slice(0, steps.length));
    expect(steps).toHaveLength(Math.floor(samples.length / hopLength));
  });

  it("gives the same steps in chunks of random lengths, empty ones among them", async () => {
    let state = 12345;
    const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 1) % 3000;
    expect(await hear(detector.open(), cut(SAMPLES, random))).toEqual(whole);
  });

  it("gives exactly the same steps for int16", async () => {
    expect(await detector.open().push(INT16)).toEqual(whole);
  });

  it("takes overlapping calls in their order, and buffers that are used again", async () => {
    const stream = detector.open();
    const buffer = new Float32Array(700);
    const calls = [...cut(SAMPLES, 700)].map((chunk) => {
      buffer.fill(NaN);
      buffer.set(chunk);
      return stream.push(buffer.subarray(0, chunk.length));
    });
    expect((await Promise.all(calls)).flat()).toEqual(whole);
  });

  it("computes a clip at once, with the scores of a stream", async () => {
    const clip = await detector.detectClip(SAMPLES);
    expect(clip.map(({ timestampMs }) => timestampMs)).toEqual(whole.map(({ timestampMs }) => timestampMs));
    // A head's matrix product over many examples may add in another order than over one.
    expect(scoresOf(clip)).toBeAllClose(scoresOf(whole), { rtol: 0, atol: 1e-6 });
    expect(await detector.detectClip(INT16)).toEqual(clip);
    expect(await detector.detectClip(SAMPLES.subarray(0, hopLength - 1))).toEqual([]);
  });

  it("starts as if preceded by digital silence", async () => {
    const silence = new Float32Array(40 * 1280);
    const offset = silence.length / hopLength;
    const late = await detector.open().push(Float32Array.of(...silence, ...SAMPLES));
    expect(scoresOf(late.slice(offset))).toEqual(scoresOf(whole).slice(0, late.length - offset));
  });

  it("can be primed with preceding audio, at time zero", async () => {
    const [before, after] = [SAMPLES.subarray(0, 12_800), SAMPLES.subarray(12_800)];
    const stream = detector.open();
    await stream.push(noise(999, 5));
    await stream.prime(before);
    const primed = await stream.push(after);
    expect(primed[0]?.timestampMs).toBe(hopLength / 16);
    expect(scoresOf(primed)).toEqual(scoresOf(whole.slice(12_800 / hopLength)));
  });

  it("starts again on reset, in turn with the chunks around it", async () => {
    const stream = detector.open();
    const calls = [stream.push(noise(5000, 9)), stream.reset(), stream.push(SAMPLES)] as const;
    await Promise.all(calls);
    expect(await calls[2]).toEqual(whole);
  });

  it("is not affected by a rehearsal", async () => {
    await detector.reset();
    const first = await detector.push(SAMPLES.subarray(0, 9000));
    await detector.rehearse();
    expect([...first, ...(await detector.push(SAMPLES.subarray(9000)))]).toEqual(whole);
  });

  it("rejects a chunk with a sample that is not finite, names it, and continues without it", async () => {
    const stream = detector.open();
    const first = await stream.push(SAMPLES.subarray(0, 9000));
    for (const bad of [NaN, Infinity, -Infinity]) {
      const chunk = SAMPLES.slice(0, 100);
      chunk[42] = bad;
      await expect(stream.push(chunk)).rejects.toMatchObject({
        code: "AUDIO_NOT_FINITE",
        message: `chunk at sample 9000 of the stream: expected finite samples, got ${bad} at sample 42 of 100`,
      });
    }
    expect([...first, ...(await stream.push(SAMPLES.subarray(9000)))]).toEqual(whole);
    await expect(stream.prime(Float32Array.of(NaN))).rejects.toMatchObject({ code: "AUDIO_NOT_FINITE" });
    await expect(detector.detectClip(Float32Array.of(0, NaN))).rejects.toMatchObject({
      code: "AUDIO_NOT_FINITE",
    });
  });

  it("refuses what is not audio", async () => {
    const stream = detector.open();
    for (const wrong of [[1, 2], new Float64Array(3), undefined, "audio"]) {
      const failure = Reflect.apply(stream.push.bind(stream), undefined, [wrong]);
      await expect(failure).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  it("finishes pending calls, disposes once, then rejects calls", async () => {
    const mortal = await makeDetector(card);
    const last = mortal.push(SAMPLES);
    await Promise.all([mortal.dispose(), mortal.dispose()]);
    expect(await last).toEqual(whole);
    await mortal.dispose();
    for (const call of [
      () => mortal.push(SAMPLES),
      () => mortal.prime(SAMPLES),
      () => mortal.reset(),
      () => mortal.rehearse(),
      () => mortal.detectClip(SAMPLES),
      async () => mortal.open(),
    ])
      await expect(call()).rejects.toMatchObject({
        code: "DISPOSED",
        message: expect.stringContaining("hello"),
      });
  });

  it("leaves the sessions alone when a stream is disposed of", async () => {
    const stream = detector.open();
    await stream.dispose();
    await expect(stream.push(SAMPLES)).rejects.toMatchObject({ code: "DISPOSED" });
    expect(await detector.open().push(SAMPLES)).toEqual(whole);
  });
});

describe("what a step reads", () => {
  const createSession = createNodeSession();
  const embedding = toyEmbedding();

  it("sliding-audio: frames 0 to 75 of the last 13,000 samples, one clamp", async () => {
    const detector = await makeDetector(slidingCard());
    const steps = await detector.push(SAMPLES);
    const frontend = await createFrontend({ createSession, embedding, floor: "window" });
    const head = await loadClassifier(tinyHead({ embeddings: 1 }), {
      name: "head",
      createSession,
      labels: ["a"],
      embeddings: 1,
    });
    for (const step of [0, 10, 25, 40, 57]) {
      const end = (step + 1) * 512;
      const window = new Float32Array(13_000);
      for (let i = 0; i < 13_000; i++) window[i] = MAGNITUDES[end - 13_000 + i] ?? 0;
      const logMel = await frontend.logMel(window);
      expect(logMel.rows).toBe(79);
      const features = await frontend.embedWindows({
        ...logMel,
        data: logMel.data.slice(0, 76 * 32),
        rows: 76,
      });
      expect(steps[step]!.scores).toBeAllClose(await head.score(features.data, 1), { rtol: 0, atol: 1e-6 });
    }
  });

  it("embedding-sequence: the last 16 embeddings of a stream that began in silence", async () => {
    const detector = await makeDetector(exampleCard());
    const steps = await detector.push(SAMPLES);
    const frontend = await createFrontend({ createSession, embedding, floor: "chunk" });
    const head = await loadClassifier(tinyHead(), {
      name: "head",
      createSession,
      labels: ["a"],
      embeddings: 16,
    });
    const silence = 30 * 1280;
    const { data } = await frontend.features(Float32Array.of(...new Float32Array(silence), ...MAGNITUDES));
    for (const [step, { scores }] of steps.entries()) {
      // Embedding j ends with chunk j + 9; the step's last is the one of chunk 30 + step.
      const last = 30 + step - 9;
      const features = data.slice((last - 15) * 96, (last + 1) * 96);
      expect(scores).toBeAllClose(await head.score(features, 1), { rtol: 0, atol: 1e-6 });
    }
  });

  it("clips longer than a block go on where the block ended", async () => {
    const detector = await makeDetector(exampleCard());
    const samples = noise(600 * 1280, 3);
    const clip = await detector.detectClip(samples);
    expect(clip).toHaveLength(600);
    expect(scoresOf(clip)).toBeAllClose(scoresOf(await detector.push(samples)), { rtol: 0, atol: 1e-6 });
  });

  it("decides as the card says", async () => {
    const decision = { thresholds: { hello: 0.5 }, patience: 2, refractorySeconds: 0.4 };
    const detector = await makeDetector(exampleCard({ decision }));
    const samples = noise(160_000, 4);
    const steps = await detector.push(samples);
    const heard = steps.flatMap(({ detections }) => detections);
    expect(heard.length).toBeGreaterThan(2);
    expect(heard.length).toBeLessThan(steps.length / 5);
    for (const { label, score, timestampMs } of heard) {
      const step = timestampMs / 80 - 1;
      expect(label).toBe("hello");
      expect(score).toBe(steps[step]!.scores[0]);
      expect(steps.slice(step - 1, step + 1).every(({ scores }) => scores[0]! >= 0.5)).toBe(true);
    }
    expect((await detector.detectClip(samples)).flatMap(({ detections }) => detections.length)).toEqual(
      steps.map(({ detections }) => detections.length),
    );
  });
});

describe("createDetector", () => {
  it("refuses a front-end that the card was not trained with", async () => {
    const createSession = createNodeSession();
    for (const [floor, embeddingSha256, message] of [
      [
        "window",
        undefined,
        /hello: the card was trained with floor chunk, got a front-end with floor window/,
      ],
      ["chunk", "b".repeat(64), /hello: the card was trained with embedding 70d164.*, got embedding bbbb/],
    ] as const) {
      const frontend = await createFrontend({
        createSession,
        embedding: toyEmbedding(),
        floor,
        ...(embeddingSha256 && { embeddingSha256 }),
      });
      const classifier = await loadClassifier(tinyHead(), {
        name: "head",
        createSession,
        labels: ["hello"],
        embeddings: 16,
      });
      const failure = createDetector({ card: exampleCard(), frontend, classifier });
      await expect(failure).rejects.toMatchObject({ code: "CARD_MISMATCH" });
      await expect(failure).rejects.toThrow(message);
      await expect(classifier.score(new Float32Array(1536), 1)).rejects.toThrow(/disposed/);
    }
  });
});

describe.skipIf(!hasSharedData)("against openWakeWord's own graphs", () => {
  it.each(["openwakeword-alexa_v0.1", "livekit-hey_livekit"])("%s gives the same scores", async (file) => {
    const [embedding, head] = await Promise.all([
      readFile(sharedPath("reference", "embedding_model.onnx")),
      readFile(sharedPath("reference", `${file}.onnx`)),
    ]);
    const samples = await sharedKeyword();
    const detector = await makeDetector(exampleCard(), { embedding, head });
    const streamed = await detector.push(samples);
    const expected = await referenceScores(toMagnitudes(samples), { head, folder: sharedPath("reference") });
    expect(scoresOf(streamed)).toBeAllClose(expected, { rtol: 1e-3, atol: 1e-5 });
    // Of the two words, one is alexa: a test on scores near zero would prove little.
    expect(Math.max(...expected)).toBeGreaterThan(file.includes("alexa") ? 0.9 : 0.01);
    expect(scoresOf(await detector.detectClip(samples))).toBeAllClose(scoresOf(streamed), {
      rtol: 1e-5,
      atol: 1e-7,
    });
    await detector.dispose();
  });
});

/** A person saying alexa, after and before a second of the challenge clip. */
async function sharedKeyword(): Promise<Float32Array> {
  const decoder = new FLACDecoder();
  await decoder.ready;
  const { channelData, sampleRate } = await decoder.decodeFile(
    await readFile(sharedPath("keywords", "alexa", "0.flac")),
  );
  decoder.free();
  expect(sampleRate).toBe(16_000);
  const wav = await readFile(sharedPath("challenge", "challenge.wav"));
  const speech = fromInt16(new Int16Array(wav.buffer, wav.byteOffset + 44, 16_000));
  return Float32Array.of(...speech, ...channelData[0]!, ...speech);
}
