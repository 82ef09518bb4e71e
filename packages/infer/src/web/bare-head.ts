import { FRONTEND_ID, type ModelCard, parseModelCard, SAMPLE_RATE_HZ } from "../model-card.ts";
import { sha256Hex } from "./sha256.ts";

/** What a head without a card leaves open. */
export interface BareHeadOptions {
  readonly labels?: readonly string[];
  readonly threshold?: number;
}

// PLACEHOLDER until branch heads
export function makeBareHead(
  classifier: Uint8Array,
  { name, ...options }: BareHeadOptions & { readonly name: string },
): ModelCard {
  const file = name.split(/[?#]/)[0]!.split("/").at(-1)!;
  const fallback = file.replace(/\.onnx$/, "");
  const { labels = [fallback], threshold = 0.5 } = options;
  return parseModelCard(
    {
      formatVersion: 1,
      name: fallback,
      labels: [...labels],
      classifier: { file, sha256: sha256Hex(classifier), bytes: classifier.length },
      frontend: {
        id: FRONTEND_ID,
        floor: "chunk",
        embedding: {
          id: "google-speech-embedding",
          sha256: "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
        },
      },
      audioScale: "int16",
      sampleRateHz: SAMPLE_RATE_HZ,
      windowing: { kind: "embedding-sequence", embeddings: 16, hopLength: 1280 },
      decision: {
        thresholds: Object.fromEntries(labels.map((label) => [label, threshold])),
        patience: 1,
        refractorySeconds: 2,
      },
      createdBy: { tool: "callsign", version: "bare head" },
    },
    { name: `${name} (card made of the options)` },
  );
}
