import { expect, it } from "vitest";
import { embeddingCard } from "../../src/embedding/embedding-card.ts";
import { parseEmbeddingConfig } from "../../src/embedding/embedding-config.ts";

const LAYERS = [{ outputs: 96, kernel: [6, 5] }];

it("a card of an embedding names its recordings, their licences and the agreement, and no folder", () => {
  const config = parseEmbeddingConfig(
    {
      name: "mine",
      seed: 3,
      layers: LAYERS,
      lessons: {
        hours: 2,
        people: [{ path: "/home/me/talk", name: "Talk", licence: "CC-BY-4.0" }],
        noise: [{ path: "/home/me/noise", licence: "CC0-1.0" }],
      },
    },
    { name: "test" },
  );
  const agreement = { cosine: 0.9, r2: 0.8 };
  const card = embeddingCard(config, {
    file: "embedding.onnx",
    sha256: "aa",
    bytes: 10,
    parameters: 2,
    createdBy: { tool: "callsign", version: "1" },
    teacherSha256: "bb",
    agreement,
  });
  expect(card.data).toEqual([
    { name: "lessons of synthesized speech (espeak, flite) and the recordings below", hours: 2 },
    { name: "Talk", licence: "CC-BY-4.0" },
    { name: "noise", licence: "CC0-1.0" },
  ]);
  expect(card).toMatchObject({ name: "mine", seed: "3", teacher: { sha256: "bb" }, validation: agreement });
  expect(JSON.stringify(card)).not.toContain("/home/me");
});
