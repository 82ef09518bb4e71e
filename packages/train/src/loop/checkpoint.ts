import { readFile } from "node:fs/promises";

import {
  float32Tensor,
  readSafetensors,
  type Safetensors,
  type SafetensorsTensor,
  writeSafetensors,
} from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";

import { changedFields } from "../config/changed-fields.ts";
import { flattenWeights, splitWeights } from "../weights/flat-weights.ts";
import { type Architecture } from "../models/architecture.ts";
import { parameterCount } from "../weights/parameters.ts";
import type { EpochRecord, TrainingState } from "./state.ts";
import type { Validation } from "../select/validate.ts";

/** Settings and data that must equal those of a checkpoint for training to resume from it. */
export interface CheckpointIdentity {
  readonly architecture: Architecture;
  /** Parts of the config that affect the weights. */
  readonly settings: unknown;
  readonly shardsSha256: string;
}

/** Fields of a checkpoint other than arrays, stored as JSON metadata. */
interface Header {
  readonly formatVersion: 1;
  readonly step: number;
  readonly lossSum: number;
  readonly negativeWeight: number;
  readonly optimizerStep: number;
  readonly history: readonly EpochRecord[];
  readonly best: readonly { readonly epoch: number; readonly criterion: Validation["criterion"] }[];
  readonly settings: unknown;
  readonly shardsSha256: string;
}

/**
 * Writes the state of a training atomically: parameters under their own names, so that other tools can read them, and
 * under `training.` the optimiser's moments, the averaged weights, the weights of the best epochs and the hard negatives.
 */
export async function writeTrainingCheckpoint(
  file: string,
  state: TrainingState,
  { architecture, settings, shardsSha256 }: CheckpointIdentity,
): Promise<void> {
  const tensors = new Map<string, SafetensorsTensor>();
  const weights = splitWeights(architecture, state.weights);
  for (const { name, shape } of architecture.parameters)
    tensors.set(name, float32Tensor(shape, weights.get(name)!));
  const flat = (name: string, values: Float32Array): unknown =>
    tensors.set(`${PREFIX}${name}`, float32Tensor([values.length], values));
  if (state.optimizer) {
    flat("first", state.optimizer.first);
    flat("second", state.optimizer.second);
  }
  if (state.average) flat("average", state.average);
  for (const [i, best] of state.best.entries()) flat(`best.${i}`, best.weights);
  const hard = Int32Array.from(state.hard.flatMap(({ shard, window }) => [shard, window]));
  tensors.set(`${PREFIX}hard`, { dtype: "I32", shape: [state.hard.length, 2], data: hard });
  const { step, lossSum, negativeWeight, history } = state;
  const header: Header = {
    formatVersion: 1,
    step,
    lossSum,
    negativeWeight,
    optimizerStep: state.optimizer?.step ?? 0,
    history,
    best: state.best.map(({ epoch, criterion }) => ({ epoch, criterion })),
    settings,
    shardsSha256,
  };
  const metadata = { format: "callsign-training-1", state: JSON.stringify(header) };
  await writeFileAtomic(file, writeSafetensors(tensors, { metadata }));
}

const PREFIX = "training.";

/**
 * Reads the settings and history of a checkpoint; undefined if there is none.
 * @throws CallsignError `CHECKPOINT_MISMATCH` (another format), `SAFETENSORS_INVALID`
 */
export async function readCheckpointHeader(
  file: string,
): Promise<Pick<Header, "settings" | "shardsSha256" | "history"> | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes === undefined ? undefined : parseHeader(readSafetensors(bytes, { name: file }), file);
}

/**
 * Reads the state of a checkpoint; undefined if there is none. @throws CallsignError `CHECKPOINT_MISMATCH` if config,
 * data or network differ, naming what changed; `SAFETENSORS_INVALID`
 */
export async function readTrainingCheckpoint(
  file: string,
  identity: CheckpointIdentity,
): Promise<TrainingState | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const found = readSafetensors(bytes, { name: file });
  const header = parseHeader(found, file);
  checkIdentity(header, { ...identity, file });
  const length = parameterCount(identity.architecture);
  const take = (name: string): Float32Array => {
    const data = found.tensors.get(`${PREFIX}${name}`)?.data;
    if (data instanceof Float32Array && data.length === length) return data.slice();
    throw invalid(file, `no tensor ${PREFIX}${name} of ${length} values`);
  };
  const weights = new Map(
    identity.architecture.parameters.map(({ name }) => [name, found.tensors.get(name)?.data as Float32Array]),
  );
  const hard = found.tensors.get(`${PREFIX}hard`)?.data;
  if (!(hard instanceof Int32Array)) throw invalid(file, `no tensor ${PREFIX}hard`);
  return {
    step: header.step,
    lossSum: header.lossSum,
    negativeWeight: header.negativeWeight,
    weights: flattenWeights(identity.architecture, weights),
    optimizer:
      header.optimizerStep > 0
        ? { step: header.optimizerStep, first: take("first"), second: take("second") }
        : undefined,
    average: found.tensors.has(`${PREFIX}average`) ? take("average") : undefined,
    history: header.history,
    best: header.best.map((best, i) => ({ ...best, weights: take(`best.${i}`) })),
    hard: Array.from({ length: hard.length / 2 }, (_, i) => ({
      shard: hard[2 * i]!,
      window: hard[2 * i + 1]!,
    })),
  };
}

function parseHeader({ metadata }: Safetensors, file: string): Header {
  try {
    const header = JSON.parse(metadata["state"] ?? "null") as Header | null;
    if (header?.formatVersion === 1) return header;
  } catch {
    // Invalid JSON: reported below.
  }
  throw invalid(file, "not a training checkpoint of this version");
}

function checkIdentity(
  header: Header,
  { file, settings, shardsSha256 }: CheckpointIdentity & { file: string },
): void {
  const changed = changedFields(header.settings, settings);
  if (changed.length > 0)
    throw new CallsignError(
      "CHECKPOINT_MISMATCH",
      `${file}: the config differs from the one this training started with: ${changed.join("; ")}; restore it, or ${RESTART}`,
    );
  if (header.shardsSha256 !== shardsSha256)
    throw new CallsignError(
      "CHECKPOINT_MISMATCH",
      `${file}: the data was rebuilt after this training started; ${RESTART}`,
    );
}

const invalid = (file: string, problem: string): CallsignError =>
  new CallsignError("CHECKPOINT_MISMATCH", `${file}: cannot resume from it: ${problem}; ${RESTART}`);

const RESTART = "start from the beginning with --restart (the earlier training is kept in another folder)";
