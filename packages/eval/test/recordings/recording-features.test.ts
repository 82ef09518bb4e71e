import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  featuresOf,
  findRecordings,
  openConditions,
  type OpenConditions,
  restage,
  scoreFeatures,
  scoreLabels,
} from "@callsign/eval/internal";
import { fromMagnitudes } from "@callsign/audio/internal";
import type { Detector } from "@callsign/infer/internal";
import { loadDetector } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";

describe.skipIf(!hasSharedData)("features of recordings", () => {
  let folder = "";
  let detector: Detector;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-features-"));
    await mkdir(join(folder, "words"));
    const files = (await readdir(sharedPath("keywords", "alexa"))).toSorted().slice(0, 2);
    for (const file of files) await cp(sharedPath("keywords", "alexa", file), join(folder, "words", file));
    await mkdir(join(folder, "rain"));
    const [rain] = (await readdir(sharedPath("noise", "002-rain"))).toSorted();
    await cp(sharedPath("noise", "002-rain", rain!), join(folder, "rain", rain!));
    detector = await loadDetector(sharedPath("reference", "openwakeword-alexa_v0.1.onnx"), {
      embeddingPath: sharedPath("reference", "embedding_model.onnx"),
    });
  });
  afterAll(async () => {
    await detector?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const conditions = (): Promise<OpenConditions> =>
    openConditions({ seed: 1, noise: join(folder, "rain"), snrDb: [5] });

  it("score as a stream of the same samples does, within 1e-6", async () => {
    const recordings = await findRecordings([join(folder, "words")]);
    const opened = await conditions();
    const model = detector.models[0]!;
    const label = model.card.labels[0]!;
    const features = await featuresOf(model.frontend, recordings, { content: "word", conditions: opened });
    for (const { recording, scores } of await scoreFeatures(model, features)) {
      const { samples } = await restage(recording, { content: "word", conditions: await opened.read() });
      const steps = await detector.open().push(fromMagnitudes(samples));
      const batched = scores.get(label)!;
      expect(batched.length).toBe(steps.length);
      expect(Math.max(...batched)).toBeGreaterThan(0.01);
      for (const [i, step] of steps.entries())
        expect(Math.abs(batched[i]! - step.scores[0]!)).toBeLessThan(1e-6);
    }
  });

  it("come from the cache without the audio being staged again, under the same conditions only", async () => {
    const recordings = await findRecordings([join(folder, "words")]);
    const options = { content: "word", cacheDir: join(folder, "cache") } as const;
    const opened = await conditions();
    const first = await scoreLabels(detector, recordings, { ...options, conditions: opened });
    const sealed = { ...opened, read: () => Promise.reject(new Error("staged again")) };
    const again = await scoreLabels(detector, recordings, { ...options, conditions: sealed });
    expect(again).toEqual(first);
    const other = { ...(await openConditions({ seed: 2 })), read: sealed.read };
    await expect(scoreLabels(detector, recordings, { ...options, conditions: other })).rejects.toThrow(
      "staged again",
    );
    const talk = { ...options, content: "talk", conditions: sealed } as const;
    await expect(scoreLabels(detector, recordings, talk)).rejects.toThrow("staged again");
  });
});
