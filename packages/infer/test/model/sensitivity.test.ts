import { describe, expect, it } from "vitest";
import { parseModelCard, withSensitivity } from "@callsign/infer/internal";
import { exampleCard } from "../support/example-card.ts";

const point = (threshold: number, falseAcceptsPerHour: number) => ({
  threshold,
  falseAcceptsPerHour,
  falseRejectRate: 1 - falseAcceptsPerHour / 100,
});
const card = exampleCard({
  operatingPoints: { hello: [point(0.9, 0), point(0.7, 0.125), point(0.6, 0.5), point(0.2, 40)] },
});
const thresholdAt = (falseAlarmsPerDay: number): number =>
  withSensitivity(card, { falseAlarmsPerDay }).decision.thresholds.hello!;

describe("withSensitivity", () => {
  it("takes of the curve the lowest threshold within the rate", () => {
    expect([0, 2.9, 3, 12, 100, 1e6].map(thresholdAt)).toEqual([0.9, 0.9, 0.7, 0.6, 0.6, 0.2]);
  });

  it("leaves the card's own thresholds alone unless told, and takes a threshold as it is", () => {
    expect(withSensitivity(card, {})).toBe(card);
    expect(withSensitivity(card, { threshold: 0.33 }).decision).toEqual({
      ...card.decision,
      thresholds: { hello: 0.33 },
    });
  });

  it("takes a threshold for each label, and none for the background", () => {
    const several = exampleCard({
      labels: ["on", "off", "other"],
      decision: { thresholds: { on: 0.5, off: 0.5 }, patience: 1, refractorySeconds: 0, background: "other" },
    });
    const { decision } = withSensitivity(several, { threshold: { off: 0.7, elsewhere: 0.1 } });
    expect(decision).toEqual({ ...several.decision, thresholds: { on: 0.5, off: 0.7 } });
    expect(withSensitivity(several, { threshold: 0.9 }).decision.thresholds).toEqual({ on: 0.9, off: 0.9 });
    expect(() => withSensitivity(several, { threshold: { on: 2 } })).toThrow(
      /threshold of "on": expected a score 0 to 1, got 2/,
    );
  });

  it.each([
    [{ threshold: 1.5 }, /expected a score 0 to 1, got 1.5/],
    [{ threshold: 0.5, falseAlarmsPerDay: 1 }, /not both/],
    [{ falseAlarmsPerDay: Number.NaN }, /number of 0 or more, got NaN/],
  ])("refuses %o", (sensitivity, message) => {
    expect(() => withSensitivity(card, sensitivity)).toThrow(message);
  });

  it("reports a card without a curve, and a curve that does not reach the rate", () => {
    expect(() => withSensitivity(exampleCard(), { falseAlarmsPerDay: 1 })).toThrow(/no curve .*"hello"/);
    const noisy = exampleCard({ operatingPoints: { hello: [point(0.9, 1)] } });
    expect(() => withSensitivity(noisy, { falseAlarmsPerDay: 1 })).toThrow(
      /at least 24\.0 false alarms a day/,
    );
  });

  it("is on the card only for labels it has", () => {
    expect(parseModelCard(card, { name: "card" })).toEqual(card);
    const stray = { ...card, operatingPoints: { hallo: [point(0.5, 0)] } };
    expect(() => parseModelCard(stray, { name: "card" })).toThrow(/"hallo", which is not among labels/);
  });
});
