import { basename } from "node:path";
import type { ToolIdentity } from "@callsign/infer/node/internal";
import type { EmbeddingConfig } from "./embedding-config.ts";
import type { Agreement } from "./embedding-learner.ts";

/** What an embedding is, what it was made from and how well it agrees with its teacher: `embedding.json` beside it. */
export interface EmbeddingCard {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly teacher: { readonly id: string; readonly sha256: string };
  readonly seed: string;
  readonly createdBy: ToolIdentity;
  /** Steps of training and the stretches of audio in each. */
  readonly train: { readonly steps: number; readonly batch: number; readonly stretchEmbeddings: number };
  readonly data: readonly { readonly name: string; readonly licence?: string; readonly hours?: number }[];
  /** On the validation lessons, whose voices and people are not in training. */
  readonly validation: Agreement | null;
}

/** Card of a finished embedding. */
export function embeddingCard(
  config: EmbeddingConfig,
  {
    file,
    teacherSha256,
    agreement,
    ...made
  }: Pick<EmbeddingCard, "file" | "sha256" | "bytes" | "parameters" | "createdBy"> & {
    readonly teacherSha256: string;
    /** The last of the training; undefined if it validated never. */
    readonly agreement: Agreement | undefined;
  },
): EmbeddingCard {
  const { name, teacher, seed, lessons, train } = config;
  const engines = lessons.engines.map(({ kind }) => kind).join(", ");
  return {
    name,
    file,
    ...made,
    teacher: { id: teacher, sha256: teacherSha256 },
    seed: String(seed),
    train: { steps: train.steps, batch: train.batch, stretchEmbeddings: train.embeddings },
    data: [
      { name: `lessons of synthesized speech (${engines}) and the recordings below`, hours: lessons.hours },
      ...[...lessons.people, ...lessons.noise].map(({ path, name = basename(path), licence }) => ({
        name,
        licence,
      })),
    ],
    validation: agreement ?? null,
  };
}
