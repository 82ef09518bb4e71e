import { expect, it } from "vitest";
import { createFrontend, loadClassifier, StreamBatch } from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { exampleCard } from "../support/example-card.ts";
import { makeDetector } from "../support/make-detector.ts";
import { noise } from "../../../../test-support/noise.ts";
import { smallEmbedding } from "../support/small-embedding.ts";
import { tinyHead } from "../support/tiny-head.ts";

const CHUNK = 1280;
/** More than run at once, so that a run is not the whole batch. */
const STREAMS = 19;
const STEPS = 20;

it("StreamBatch scores every stream as a detector of its own would, and again after a reset", async () => {
  const createSession = createNodeSession();
  const [embedding, head, card] = [smallEmbedding(), tinyHead(), exampleCard()];
  const frontend = await createFrontend({ createSession, embedding, floor: "chunk" });
  const classifier = await loadClassifier(head, {
    name: "head",
    createSession,
    labels: card.labels,
    embeddings: 16,
  });
  const runner = await frontend.streams();
  const batch = new StreamBatch({ runner, classifier, embeddings: 16, streams: STREAMS });
  const clips = Array.from({ length: STREAMS }, (_, seed) => noise(STEPS * CHUNK, seed + 1));
  const hear = async (): Promise<number[][]> => {
    const heard: number[][] = clips.map(() => []);
    for (let step = 0; step < STEPS; step++) {
      clips.forEach((clip, i) =>
        batch.samples.set(clip.subarray(step * CHUNK, (step + 1) * CHUNK), i * CHUNK),
      );
      (await batch.step()).forEach((score, i) => heard[i]!.push(score));
    }
    return heard;
  };
  const first = await hear();
  const detector = await makeDetector(card, { embedding, head });
  for (const [i, clip] of clips.entries()) {
    const steps = await detector.open().push(clip);
    expect(first[i]).toBeAllClose(
      steps.map(({ scores }) => scores[0]!),
      { rtol: 0, atol: 1e-5 },
    );
  }
  expect(new Set(first.map((scores) => scores.at(-1))).size).toBe(STREAMS);
  for (let stream = 1; stream < STREAMS; stream++) batch.reset(stream);
  const second = await hear();
  expect(second.slice(1)).toEqual(first.slice(1));
  // The one that was not reset still remembers.
  expect(second[0]).not.toEqual(first[0]);
  await frontend.dispose();
  await detector.dispose();
});
