import { parseDetectorConfig } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";
import type { ShardTable } from "../../src/shards/shard-table.ts";
import { streamOf } from "../../src/select/validate.ts";

const config = parseDetectorConfig(
  { name: "test", labels: [{ label: "alexa", phrases: ["alexa"] }] },
  { name: "test" },
);

/** Three windows of a clip without the phrase. */
function scored(kind: string, logit: number) {
  const table: ShardTable = {
    file: kind,
    split: "validation",
    source: kind,
    kind,
    bytes: 0,
    embeddingsByte: 0,
    clips: [],
    windowEnd: new Int32Array(3),
    outcome: new Int8Array(3).fill(-1),
    label: new Int8Array(3).fill(-1),
    heard: new Float32Array(3),
    clip: new Int32Array(3),
  };
  return { table, logits: new Float32Array(3).fill(logit) };
}

describe("streamOf", () => {
  it("does not count clips made to sound like the phrase as hours of talk", () => {
    const shards = [
      scored("sentence", -3),
      scored("near-miss", 5),
      scored("partial", 5),
      scored("noise", -4),
    ];
    const { scores } = streamOf(shards, { config, label: 0 });
    expect(scores).toHaveLength(6);
    expect(Math.max(...scores)).toBeLessThan(0.1);
  });
});
