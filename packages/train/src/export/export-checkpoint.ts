import { readFile, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { readSafetensors } from "@callsign/data/internal";
import { CallsignError, closestName } from "@callsign/audio/internal";
import { type AudioVariant } from "@callsign/infer/internal";
import { checkpointWeights } from "../weights/checkpoint-weights.ts";
import { type ExportedModel, exportModel } from "./export-model.ts";
import { ARCHITECTURES, createArchitecture } from "../models/create-architecture.ts";

export interface ExportCheckpointOptions {
  /** A safetensors file. */
  readonly checkpoint: string;
  /** Name of the network the weights belong to, built with its defaults. */
  readonly architecture: string;
  readonly label: string;
  /** Lowest score that is a detection. */
  readonly threshold: number;
  /** Copies of the audio whose scores are averaged; default the audio as it is. */
  readonly testTimeAugmentation?: readonly AudioVariant[] | undefined;
  /** Folder to write to. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/**
 * Turns a checkpoint with PyTorch names into a model folder: `model.onnx` and `model.json`.
 * @throws CallsignError `FILE_NOT_FOUND`, `SAFETENSORS_INVALID`, `CHECKPOINT_MISMATCH`, `INVALID_ARGUMENT`, and what
 * `exportModel` throws
 */
export async function exportCheckpoint(options: ExportCheckpointOptions): Promise<ExportedModel> {
  const { checkpoint, label, threshold } = options;
  const architecture = createArchitecture({ name: architectureName(options.architecture) });
  if (!(threshold >= 0 && threshold <= 1))
    throw new CallsignError("INVALID_ARGUMENT", `threshold: expected a score 0 to 1, got ${threshold}`);
  const file = readSafetensors(await readCheckpointFile(checkpoint), { name: checkpoint });
  return exportModel({
    architecture,
    weights: checkpointWeights(architecture, file, { name: checkpoint }),
    name: basename(checkpoint, extname(checkpoint)),
    labels: [label],
    thresholds: { [label]: threshold },
    testTimeAugmentation: options.testTimeAugmentation,
    outDir: options.out,
    ...(options.signal && { signal: options.signal }),
  });
}

function architectureName(name: string): (typeof ARCHITECTURES)[number] {
  const known = ARCHITECTURES.find((other) => other === name);
  if (known !== undefined) return known;
  const closest = closestName(name, ARCHITECTURES);
  const hint = closest === undefined ? "" : `; did you mean ${closest}?`;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `architecture: expected one of ${ARCHITECTURES.join(", ")}, got ${JSON.stringify(name)}${hint}`,
  );
}

async function readCheckpointFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MAX_CHECKPOINT_BYTES)
      throw new CallsignError(
        "SAFETENSORS_INVALID",
        `${path}: ${size} bytes, expected at most ${MAX_CHECKPOINT_BYTES}`,
      );
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof CallsignError) throw cause;
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read the checkpoint: ${String(cause)}`, {
      cause,
    });
  }
}

/** A detector with its optimiser's state stays under 10 MB; a file of gigabytes is something else. */
const MAX_CHECKPOINT_BYTES = 2 ** 30;
