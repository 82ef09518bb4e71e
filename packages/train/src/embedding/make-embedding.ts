import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createPool, openLessonFile } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { sha256Hex, type ToolIdentity, writeFileAtomic } from "@callsign/infer/node/internal";
import type { Backend } from "../backends/backend.ts";
import { decodeEmbeddingCheckpoint, encodeEmbeddingCheckpoint } from "./embedding-checkpoint.ts";
import { embeddingCard } from "./embedding-card.ts";
import type { EmbeddingConfig } from "./embedding-config.ts";
import { embeddingNetwork } from "./embedding-network.ts";
import { encodeEmbedding } from "./encode-embedding.ts";
import { type EmbeddingProgress, trainEmbedding } from "./train-embedding.ts";

/** Files of a finished embedding in its folder. */
export const EMBEDDING_FILES = {
  model: "embedding.onnx",
  card: "embedding.json",
  history: "metrics.jsonl",
  checkpoint: "checkpoint.safetensors",
} as const;

export interface MakeEmbeddingOptions {
  readonly backend: Backend;
  readonly teacher: { readonly path: string; readonly sha256: string };
  /** Folder for lessons; reused by reruns and by other configs with the same lessons. */
  readonly lessonsDir: string;
  /** Folder for the checkpoint, the metrics and the finished embedding. */
  readonly out: string;
  /** Worker threads that make lessons; 0 uses this thread. */
  readonly workers: number;
  readonly identity: ToolIdentity;
  readonly signal?: AbortSignal | undefined;
}

export interface MadeEmbedding {
  readonly modelFile: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly parameterCount: number;
}

/** Makes an embedding from a config: makes lessons, trains, folds normalisations and writes the model; resumes if interrupted. */
export async function* makeEmbedding(
  config: EmbeddingConfig,
  options: MakeEmbeddingOptions,
): AsyncGenerator<EmbeddingProgress, MadeEmbedding> {
  const { teacher, lessonsDir, out, workers, identity, signal, backend } = options;
  const network = embeddingNetwork(config.layers);
  const seed = String(config.seed);
  const lessonsKey = keyOf({ seed, lessons: config.lessons, teacher: teacher.sha256 });
  const key = keyOf({ config, teacher: teacher.sha256 });
  const checkpointFile = join(out, EMBEDDING_FILES.checkpoint);
  const from = await readCheckpoint(network, checkpointFile, key);
  const history = from === undefined ? [] : await readHistory(join(out, EMBEDDING_FILES.history), from);
  const pool = createPool("lessons", {
    setup: { out: lessonsDir, seed, config: config.lessons, teacherPath: teacher.path, key: lessonsKey },
    workers,
  });
  try {
    const training = trainEmbedding(config, {
      backend,
      signal,
      from,
      save: (checkpoint) =>
        writeFileAtomic(checkpointFile, encodeEmbeddingCheckpoint(network, checkpoint, { key })),
      async lessons(split, index) {
        const path = await pool.run({ split, index });
        const file = await openLessonFile(path, { key: lessonsKey });
        if (file !== undefined) return file;
        throw new CallsignError("SHARD_INVALID", `${path}: changed since it was made; run it again`);
      },
    });
    for (;;) {
      const { done, value } = await training.next();
      if (!done) {
        history.push(JSON.stringify(value));
        await writeFileAtomic(join(out, EMBEDDING_FILES.history), `${history.join("\n")}\n`);
        yield value;
        continue;
      }
      const bytes = encodeEmbedding(network, value, { version: identity.version });
      const modelFile = join(out, EMBEDDING_FILES.model);
      await writeFileAtomic(modelFile, bytes);
      const parameterCount = [...value.weights.values()].reduce((sum, { length }) => sum + length, 0);
      const made = { sha256: sha256Hex(bytes), bytes: bytes.length };
      const { agreement } = JSON.parse(history.at(-1) ?? "{}") as Partial<EmbeddingProgress>;
      const card = embeddingCard(config, {
        ...made,
        file: EMBEDDING_FILES.model,
        parameters: parameterCount,
        createdBy: identity,
        teacherSha256: teacher.sha256,
        agreement,
      });
      await writeFileAtomic(join(out, EMBEDDING_FILES.card), `${JSON.stringify(card, null, 2)}\n`);
      return { modelFile, ...made, parameterCount };
    }
  } finally {
    await pool.dispose();
  }
}

/** Metrics of an earlier run up to its checkpoint. */
async function readHistory(file: string, { step }: { readonly step: number }): Promise<string[]> {
  const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
  return lines.filter((line) => line !== "" && (JSON.parse(line) as EmbeddingProgress).step <= step);
}

const keyOf = (value: unknown): string => sha256Hex(new TextEncoder().encode(JSON.stringify(value)));

async function readCheckpoint(network: ReturnType<typeof embeddingNetwork>, path: string, key: string) {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && decodeEmbeddingCheckpoint(network, bytes, { name: path, key });
}
