import type { EpochRecord } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";

import { formatEpoch } from "../../src/output/format-training.ts";

const errors = { threshold: 1, falseRejectRate: 1, falseAcceptsPerHour: 0 };

/** An epoch in which everything is missed, with a cost of 0.327 and a DET area of 0.9. */
const epoch = (criterion: [number, number]): EpochRecord =>
  ({
    epoch: 3,
    trainLoss: 0.5,
    isBest: true,
    seconds: 4,
    samplesPerSecond: 1000,
    loaderShare: 0.1,
    validation: {
      loss: 0.4,
      detAreaRange: { from: 0.1, to: 10 },
      labels: [{ label: "alexa", cost: { cost: 0.327 }, detArea: 0.9, atTarget: errors, atHalf: errors }],
      criterion,
    },
  }) as unknown as EpochRecord;

describe("formatEpoch", () => {
  const options = { epochs: 20 };

  it("names the cost for a mute gate, and nothing about phrases", () => {
    expect(formatEpoch(epoch([0.327, 0.4]), { ...options, goal: "gate" })).toBe(
      "epoch 3/20: loss 0.5000, validation 0.4000; cost 0.327 (best so far); 1000 samples/s (loader 10.0 %); 0:04",
    );
  });

  it("names the DET area for detection", () => {
    expect(formatEpoch(epoch([0.9, 1]), { ...options, goal: "detection" })).toContain(
      "; DET area (0.1-10/h) 0.900 (best so far); alexa 0.900, 100.0 % missed at 0.00/h;",
    );
  });
});
