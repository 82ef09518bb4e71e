import { parseDetectorConfig } from "@callsign/train/internal";
import { expect, it } from "vitest";

it("refuses batches without a share for any kind of negatives, before data are made for them", () => {
  const kinds = ["nearMiss", "partial", "people", "synthetic", "noise", "scenes", "own", "around"];
  const none = Object.fromEntries(kinds.map((kind) => [kind, 0]));
  const config = (shares: Record<string, number>) => ({
    labels: [{ label: "hello", phrases: ["hello nimbus"] }],
    train: { batch: { shares } },
  });
  expect(() => parseDetectorConfig(config(none), { name: "c" })).toThrow(
    "train.batch.shares: expected a share above 0, got none",
  );
  expect(parseDetectorConfig(config({ ...none, noise: 1 }), { name: "c" }).train.batch.shares.noise).toBe(1);
});
