import {
  evaluateKeyword,
  makeKeywordReport,
  renderKeywordReport,
  summarizeKeywordReport,
} from "@callsign/eval/internal";
import type { ModelCard } from "@callsign/infer/internal";
import { describe, expect, it } from "vitest";
import { scored } from "./support/scored.ts";

const mixed = { mixedSnrDb: 10, snrDb: 9.5, noise: "rain" };
const decision = { patience: 1, refractorySeconds: 1, threshold: 0.5 };
const keyword = (label: string, scores: readonly number[]) => {
  const positives = scores.map((score, i) => scored(`${label}-${i}`, score, mixed));
  const negatives = [0.3, 0.2, 0.1, 0].map((score, i) => scored(`talk-${i}`, score, mixed));
  return { label, positives, negatives, evaluation: evaluateKeyword({ positives, negatives, decision }) };
};
const open = { seed: 0, noises: 1, snrDb: [10], rooms: 0 };
const report = makeKeywordReport({
  keywords: [keyword("on", [0.9, 0.8, 0.1, 0.7]), keyword("off", [0.9, 0.9])],
  model: {
    name: "lamp",
    decision: { patience: 1, refractorySeconds: 1 },
    classifier: { file: "model.onnx", sha256: "0" },
    frontend: { embedding: { id: "embedding", sha256: "0" } },
  } as unknown as ModelCard,
  conditions: {
    ...open,
    read: () => Promise.reject(new Error("not read")),
    digest: () => Promise.resolve(""),
  },
  faults: [],
  command: null,
  machine: { cpu: "a", cores: 1, node: "20", platform: "linux" } as never,
  tool: { name: "callsign", version: "0" },
  createdAt: new Date(0),
});

describe("a report of several labels", () => {
  it("has the mean of the labels", () => {
    // "on" misses one of four at one an hour, "off" none.
    const rates = report.labels.map(({ operatingPoints }) => operatingPoints[2]!.falseRejectRate);
    expect(rates).toEqual([0.25, 0]);
    expect(report.mean!.operatingPoints[2]!.falseRejectRate).toBe(0.125);
    expect(report.labels[0]!.snrDb.positives).toMatchObject({ recordings: 4, p50: 9.5 });
    const rows = summarizeKeywordReport(report).split("\n");
    expect(rows.filter((row) => /^\| (on|off|mean) /.test(row))).toHaveLength(3);
    expect(rows.find((row) => row.startsWith("| mean "))).toContain("12.5 %");
  });

  it("is a page in which every id is unique", () => {
    const none = { misses: [], falseAccepts: [] };
    const page = renderKeywordReport(report, [none, none]);
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
    expect(ids.length).toBeGreaterThan(10);
    expect(new Set(ids).size).toBe(ids.length);
    expect(page).toContain("“off”: misses against false accepts");
  });
});
