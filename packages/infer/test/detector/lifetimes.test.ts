/** What a long day brings: endless loops, failing sessions, streams that end while work is under way. */
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import { fromInt16, type Pcm } from "@callsign/audio/internal";
import {
  createFrontend,
  createDetector,
  type Detection,
  detections,
  type Detector,
  type DetectorStream,
  loadClassifier,
  type Session,
  type SessionFactory,
} from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { exampleCard, slidingCard } from "../support/example-card.ts";
import { makeDetector } from "../support/make-detector.ts";
import { makeSet } from "../support/make-set.ts";
import { heldMiB } from "../../../../test-support/held-memory.ts";
import { noise } from "../../../../test-support/noise.ts";
import { refusal } from "../../../../test-support/refusal.ts";
import { tinyHead } from "../support/tiny-head.ts";
import { toyEmbedding } from "../support/toy-embedding.ts";

const HOP = 1280;
const HOUR_CHUNKS = (3600 * 16_000) / HOP;

/** Remembers whether it was closed; `stuck` never gives its second chunk. */
function source({ chunks = 3, stuck = false } = {}) {
  const state = { closed: false };
  const iterable: AsyncIterable<Pcm> = {
    [Symbol.asyncIterator]: () => {
      let given = 0;
      return {
        next: async () => {
          // oxlint-disable-next-line promise/avoid-new -- a microphone that gives nothing more
          if (stuck && given === 1) await new Promise(() => undefined);
          return given++ < chunks
            ? { done: false, value: new Int16Array(HOP) }
            : { done: true, value: undefined };
        },
        return: async () => {
          state.closed = true;
          return { done: true, value: undefined };
        },
      };
    },
  };
  return { state, iterable };
}

/** One detection a chunk. */
const eager = (timestampMs = 0) => ({
  push: (): Promise<readonly { readonly detections: readonly Detection[] }[]> =>
    Promise.resolve([{ detections: [{ label: "hello", score: 1, timestampMs }] }]),
});

describe("detections", () => {
  it("retains none of an hour of chunks, with a signal as without", async () => {
    const quiet = { push: () => Promise.resolve([]) };
    function* hour(): Generator<Pcm> {
      for (let i = 0; i < HOUR_CHUNKS; i++) yield new Int16Array(HOP);
    }
    async function heldAtTheEnd(options: { signal?: AbortSignal }): Promise<number> {
      let held = NaN;
      async function* measured(): AsyncGenerator<Pcm> {
        const before = await heldMiB();
        yield* hour();
        held = (await heldMiB()) - before;
      }
      for await (const _ of detections(quiet, measured(), options)) throw new Error("nothing is detected");
      return held;
    }
    const { signal } = new AbortController();
    // The hour itself is 110 MiB, and what a chunk leaves behind would add up 45,000 times.
    expect(await heldAtTheEnd({ signal })).toBeLessThan(5);
    expect(await heldAtTheEnd({})).toBeLessThan(5);
  });

  it("closes its source when the loop is left", async () => {
    const { signal } = new AbortController();
    for (const options of [{}, { signal }]) {
      const { state, iterable } = source();
      for await (const _ of detections(eager(), iterable, options)) break;
      expect(state.closed).toBe(true);
    }
  });

  it("ends when aborted while a silent source is awaited, and closes it", async () => {
    const { state, iterable } = source({ stuck: true });
    const controller = new AbortController();
    const loop = async (): Promise<void> => {
      for await (const _ of detections(eager(), iterable, { signal: controller.signal }))
        setImmediate(() => controller.abort());
    };
    await expect(loop()).rejects.toEqual(refusal("ABORTED", "stopped"));
    expect(state.closed).toBe(true);
  });

  it("takes nothing from its source when aborted before, and passes the source's own error on", async () => {
    const { state, iterable } = source({ stuck: true });
    const { signal } = aborted();
    await expect(detections(eager(), iterable, { signal }).next()).rejects.toEqual(refusal("ABORTED", ""));
    expect(state.closed).toBe(true);
    async function* broken(): AsyncGenerator<Pcm> {
      yield new Int16Array(HOP);
      throw new Error("unplugged");
    }
    const loop = detections({ push: () => Promise.resolve([]) }, broken(), new AbortController());
    await expect(loop.next()).rejects.toThrow("unplugged");
  });
});

function aborted(): AbortController {
  const controller = new AbortController();
  controller.abort();
  return controller;
}

/** A factory whose sessions of a name fail at given runs, counted from `arm`. */
function failingSessions(name: string) {
  const faults = { at: new Set<number>(), runs: 0 };
  const inner = createNodeSession();
  const createSession: SessionFactory = async (model, options) => {
    const session = await inner(model, options);
    if (!options.name.includes(name)) return session;
    const failing: Session = {
      inputs: session.inputs,
      outputs: session.outputs,
      provider: session.provider,
      dispose: () => session.dispose(),
      run: (feeds, outputs) =>
        faults.at.has(faults.runs++)
          ? Promise.reject(new Error("out of memory"))
          : session.run(feeds, outputs),
    };
    return failing;
  };
  return {
    createSession,
    /** Fails the runs of these numbers from now on. */
    arm: (...at: number[]): void => {
      faults.runs = 0;
      faults.at = new Set(at);
    },
  };
}

type Listener = Pick<Detector | DetectorStream, "push"> & { dispose(): Promise<void> };

async function failingListener(kind: string, failing: ReturnType<typeof failingSessions>): Promise<Listener> {
  const { createSession } = failing;
  const card = kind === "Detector, sliding-audio" ? slidingCard() : exampleCard();
  const embeddings = card.windowing.kind === "embedding-sequence" ? card.windowing.embeddings : 1;
  const { floor } = card.frontend;
  const frontend = await createFrontend({ createSession, embedding: toyEmbedding(), floor });
  const options = { name: "head", createSession, labels: card.labels, embeddings };
  const classifier = await loadClassifier(tinyHead({ embeddings }), options);
  if (kind !== "DetectorStream") return createDetector({ card, frontend, classifier });
  return (await createDetector({ card, frontend, classifier })).open();
}

describe.each([
  ["Detector", 1280],
  ["Detector, sliding-audio", 512],
  ["DetectorStream", 1280],
])("%s with a session that fails in the middle", (kind, hopLength) => {
  const audio = noise(12 * hopLength);
  const at = (steps: readonly { readonly timestampMs: number }[]): number[] =>
    steps.map(({ timestampMs }) => timestampMs);
  const multiples = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, i) => ((from + i + 1) * hopLength) / 16);

  it.each([
    ["front-end", kind.includes("sliding") ? "embedding" : "stream"],
    ["classifier", "head"],
  ])("keeps the right time after a failed run of the %s", async (_, name) => {
    const failing = failingSessions(name);
    const listener = await failingListener(kind, failing);
    expect(at(await listener.push(audio.subarray(0, 3 * hopLength)))).toEqual(multiples(0, 3));
    failing.arm(1);
    // Steps 3 to 6 in one chunk; the second of them fails.
    await expect(listener.push(audio.subarray(3 * hopLength, 7 * hopLength + 100))).rejects.toThrow(
      "out of memory",
    );
    expect(at(await listener.push(audio.subarray(7 * hopLength + 100)))).toEqual(multiples(7, 12));
    await listener.dispose();
  });

  it("rejects a chunk with a sample far beyond full scale, and continues without it", async () => {
    const failing = failingSessions("none");
    const listener = await failingListener(kind, failing);
    const spike = fromInt16(audio.slice(0, 2 * hopLength));
    spike[700] = 1e20;
    await expect(listener.push(spike)).rejects.toEqual(
      refusal("AUDIO_OUT_OF_RANGE", `got ${spike[700]} at sample 700`),
    );
    expect(at(await listener.push(audio))).toEqual(multiples(0, 12));
    await listener.dispose();
  });
});

describe("what may be pushed", () => {
  it.each(["Detector", "DetectorStream"])("%s: samples, not bytes; also of another realm", async (kind) => {
    const listener = await failingListener(kind, failingSessions("none"));
    const bytes = Buffer.alloc(4 * HOP) as unknown as Int16Array;
    await expect(listener.push(bytes)).rejects.toEqual(refusal("INVALID_ARGUMENT", "got Uint8Array"));
    await expect(listener.push([1, 2] as unknown as Int16Array)).rejects.toEqual(
      refusal("INVALID_ARGUMENT", "got Array"),
    );
    const foreign = runInNewContext("new Float32Array(1280).fill(0.01)") as Float32Array;
    expect(foreign).not.toBeInstanceOf(Float32Array);
    expect(await listener.push(foreign)).toHaveLength(1);
    await listener.dispose();
  });
});

describe("dispose", () => {
  let detector: Detector;
  afterEach(() => detector.dispose());

  it.each([
    ["embedding-sequence", exampleCard()],
    ["sliding-audio", slidingCard()],
  ])("waits for clips, rehearsals and forks, %s", async (_, card) => {
    detector = await makeDetector(card);
    const fork = detector.open();
    const clip = noise(20_000);
    const work = Promise.all([detector.detectClip(clip), detector.rehearse(), fork.push(clip)]);
    const disposal = detector.dispose();
    const [steps] = await work;
    expect(steps.length).toBeGreaterThan(0);
    await disposal;
    await expect(fork.push(clip)).rejects.toEqual(refusal("DISPOSED", "disposed of"));
    await expect(detector.detectClip(clip)).rejects.toEqual(refusal("DISPOSED", "disposed of"));
  });

  it("waits for the streams of a set, which then refuse", async () => {
    const set = await makeSet([exampleCard()]);
    const stream = set.open();
    const work = stream.push(noise(20_000));
    const disposal = set.dispose();
    expect(await work).toHaveLength(15);
    await disposal;
    await expect(stream.push(noise(20_000))).rejects.toEqual(
      refusal("DISPOSED", "the detector of this stream"),
    );
    expect(() => set.open()).toThrow("disposed of");
  });
});

describe("Frontend.streams", () => {
  it("tries again after a failure, and refuses once the front-end is disposed of", async () => {
    const inner = createNodeSession();
    let failures = 1;
    const createSession: SessionFactory = (model, options) =>
      options.name.includes("stream") && failures-- > 0
        ? Promise.reject(new Error("out of memory"))
        : inner(model, options);
    const frontend = await createFrontend({ createSession, embedding: toyEmbedding(), floor: "chunk" });
    await expect(frontend.streams()).rejects.toThrow("out of memory");
    expect((await frontend.streams()).stateLength).toBeGreaterThan(0);
    await frontend.dispose();
    await expect(frontend.streams()).rejects.toEqual(refusal("DISPOSED", "front-end"));
  });
});

it("a listening hour in 80 ms chunks leaves the heap flat and the clock right", async () => {
  const set = await makeSet([exampleCard()]);
  const stream = set.open({ audioSeconds: 2, levelGate: {} });
  const sound = Int16Array.from(noise(HOP));
  let held = NaN;
  let last = 0;
  async function* hour(): AsyncGenerator<Pcm> {
    for (let i = 0; i < HOUR_CHUNKS; i++) {
      if (i === 1000) held = await heldMiB();
      // A minute of silence after each three seconds of sound: the level gate closes and opens.
      yield i % 800 < 40 ? sound : new Int16Array(HOP);
    }
    held = (await heldMiB()) - held;
  }
  const timed = {
    push: async (chunk: Pcm) => {
      const steps = await stream.push(chunk);
      last = steps.at(-1)!.timestampMs;
      return steps;
    },
  };
  for await (const _ of detections(timed, hour(), new AbortController())) continue;
  expect(last).toBe(3_600_000);
  expect(held).toBeLessThan(5);
  await set.dispose();
});
