import { type DetectorConfig, parseDetectorConfig } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";
import type { ShardTable } from "../../src/shards/shard-table.ts";
import { streamOf } from "../../src/select/validate.ts";
import { windowTable } from "../support/window-table.ts";

const configOf = (windowing: object): DetectorConfig =>
  parseDetectorConfig(
    { name: "test", labels: [{ label: "alexa", phrases: ["alexa"] }], windowing },
    { name: "test" },
  );
const config = configOf({ kind: "embedding-sequence" });

/** Windows of one clip without the phrase, 80 ms apart. */
function scored(kind: string, { logit, windows }: { logit: number; windows: number }, near = {}) {
  const table: ShardTable = {
    file: kind,
    split: "validation",
    source: kind,
    kind,
    dtype: "F32",
    rows: windows + 15,
    embeddingsByte: 0,
    windows: windowTable({ clipWindows: Int32Array.of(windows), clipRow: Int32Array.of(15), ...near }),
  };
  return { table, logits: new Float32Array(windows).fill(logit) };
}

const hour = 45_000;
/** Kinds whose false accepts count, by the score of their windows. */
const counted = (stream: ReturnType<typeof streamOf>): number[] =>
  stream.clips
    .filter(({ perHour }) => perHour > 0)
    .map(({ sustained }) => Math.round(sustained[0]! * 10) / 10);
const logitOf = (score: number): number => Math.log(score / (1 - score));

describe("streamOf", () => {
  const of = (kind: string, score: number, windows = hour) =>
    scored(kind, { logit: logitOf(score), windows });
  const synthetic = [of("sentence", 0.1), of("foreign", 0.2), of("noise", 0.3, hour / 2)];

  it("counts false accepts in hours of people's speech and in noise, if there are ten minutes of people", () => {
    const people = [of("corpus", 0.4, hour / 4), of("recording", 0.5, hour / 4)];
    const stream = streamOf([...synthetic, ...people], { config, label: 0 });
    expect(counted(stream)).toEqual([0.3, 0.4, 0.5]);
    expect(stream.hours).toEqual({ talk: "people", talkHours: 0.5, noiseHours: 0.5 });
    // Half an hour of talk: one false accept is two an hour.
    expect(stream.clips.at(-1)!.perHour).toBe(2);
  });

  it("counts them in all talk, if there is less of people", () => {
    const stream = streamOf([...synthetic, of("corpus", 0.4, hour / 10)], { config, label: 0 });
    expect(counted(stream)).toEqual([0.1, 0.2, 0.3, 0.4]);
    expect(stream.hours).toEqual({ talk: "synthetic", talkHours: expect.closeTo(2.1, 9), noiseHours: 0.5 });
  });

  it("does not count clips made to sound like the phrase as hours of talk", () => {
    const alike = [of("near-miss", 0.9), of("partial", 0.9), of("swapped", 0.9)];
    expect(streamOf([...synthetic, ...alike], { config, label: 0 })).toEqual(
      streamOf(synthetic, { config, label: 0 }),
    );
  });

  it("takes positives of whole-phrase models as streams, those of sliding audio as samples", () => {
    const positive = scored(
      "positive",
      { logit: logitOf(0.9), windows: 3 },
      {
        nearWindow: Int32Array.of(1, 2),
        nearLabel: Int32Array.of(0, 0),
        nearHeard: Float32Array.of(0, 0),
        nearSinceEnd: Int32Array.of(0, 0),
      },
    );
    expect(streamOf([...synthetic, positive], { config, label: 0 }).phrases).toBe(1);
    const sliding = configOf({ kind: "sliding-audio" });
    expect(streamOf([...synthetic, positive], { config: sliding, label: 0 }).phrases).toBe(0);
  });
});
