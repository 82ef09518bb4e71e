import { stat } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import type { AudioVariant } from "@callsign/infer/internal";
import type { Command } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { EMBEDDING_HELP, MODEL_HELP } from "../flags/detector.ts";
import { addHeadOptions, type HeadFlags, headOf } from "../flags/heads.ts";
import { parseCopies } from "../flags/copies.ts";
import { parseNumber } from "../flags/numbers.ts";
import { ProgressLine } from "../output/progress.ts";

interface ExportFlags extends HeadFlags {
  readonly checkpoint?: string;
  readonly architecture: string;
  readonly label?: string;
  readonly threshold?: number;
  readonly singleFile?: boolean;
  readonly model?: string;
  readonly embedding?: string;
  readonly tta?: readonly AudioVariant[];
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Registers `callsign export`: a model folder from a checkpoint, or a single ONNX file from a model. */
export function registerExport(program: Command, context: CliContext): void {
  const exportCommand = program
    .command("export")
    .description(
      "Export a checkpoint as a model folder (model.onnx and its card, model.json), or with --single-file a model " +
        "as one ONNX file for any onnxruntime: audio and state in, scores and state out.",
    )
    .option("--checkpoint <file>", "weights in safetensors format with PyTorch tensor names")
    .option("--architecture <name>", "network of the weights; mlp is the only one", "mlp")
    .option("--label <name>", "label of the detections")
    .option("--threshold <score>", "detection threshold, 0 to 1 (default: 0.5)", parseNumber)
    .option(
      "--tta <copies>",
      "test-time augmentation to write into the card: copies of the audio whose scores are averaged, such as 0,256,0@-6",
      parseCopies,
    )
    .option("--single-file", "write log-mel, embedding and classifier of --model into one ONNX file")
    .option("--model <dir>", `${MODEL_HELP}, for --single-file`)
    .option("--embedding <file>", EMBEDDING_HELP)
    .requiredOption("--out <path>", "folder for the model, or with --single-file the file")
    .option("--force", "replace an existing model")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n  callsign export --checkpoint galactic.safetensors --architecture mlp --label galactic --threshold 0.73 --out models/galactic\n" +
        "  callsign export --single-file --model models/lights-on --out lights-on.onnx",
    )
    .action((flags: ExportFlags) =>
      flags.singleFile ? exportSingleFile(context, flags) : exportFolder(context, flags),
    );
  addHeadOptions(exportCommand);
}

async function exportFolder(context: CliContext, flags: ExportFlags): Promise<void> {
  const { checkpoint, architecture, label, threshold = 0.5, out, tta } = flags;
  if (checkpoint === undefined || label === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `export: expected --checkpoint and --label, or --single-file with --model; ` +
        `${checkpoint === undefined ? "--checkpoint" : "--label"} is missing`,
    );
  await refuseToReplace(flags, [join(out, "model.json"), join(out, "model.onnx")]);
  const { exportCheckpoint } = await import("@callsign/train/internal");
  const exported = await exportCheckpoint({
    checkpoint,
    architecture,
    label,
    threshold,
    out,
    ...(tta && { testTimeAugmentation: tta }),
  });
  if (flags.json) printJson(context, exported);
  else
    context.stdout(
      `${exported.parameterCount.toLocaleString("en-US")} parameters -> ${exported.modelFile}, ${exported.cardFile}\n`,
    );
}

/** @throws CallsignError `INVALID_ARGUMENT` if one of the files exists and `--force` was not given */
async function refuseToReplace({ force }: ExportFlags, files: readonly string[]): Promise<void> {
  if (force === true) return;
  for (const file of files) {
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFile())
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `export: ${file} exists; give --force to replace it or another --out`,
      );
  }
}

async function exportSingleFile(context: CliContext, flags: ExportFlags): Promise<void> {
  const { model, embedding: embeddingPath, threshold, tta, out } = flags;
  if (model === undefined || flags.checkpoint !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "export --single-file: expected --model and no --checkpoint; export the checkpoint to a folder first",
    );
  await refuseToReplace(flags, [out]);
  const { buildSingleFile } = await import("@callsign/infer/internal");
  const { createNodeSession, readModel, writeFileAtomic } = await import("@callsign/infer/node/internal");
  const progress = new ProgressLine(context);
  const parts = await readModel(model, {
    head: headOf(flags, { model, models: [model] }),
    onNote: (note) => context.stderr(`${note}\n`),
    ...(threshold === undefined ? {} : { threshold }),
    ...(tta === undefined ? {} : { testTimeAugmentation: tta }),
    ...(embeddingPath === undefined ? {} : { embeddingPath }),
    assets: { env: context.env, signal: context.signal, onProgress: (event) => progress.update(event) },
  }).finally(() => progress.finish());
  const bytes = await buildSingleFile({ ...parts, createSession: createNodeSession() });
  await writeFileAtomic(out, bytes);
  const { name, labels } = parts.card;
  if (flags.json) printJson(context, { name, labels, file: out, bytes: bytes.length });
  else
    context.stdout(
      `${name} (${labels.join(", ")}), ${bytes.length.toLocaleString("en-US")} bytes -> ${out}\n`,
    );
}
