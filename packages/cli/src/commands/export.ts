import { stat } from "node:fs/promises";
import { join } from "node:path";

import { type AudioCopy, CallsignError } from "@callsign/infer";
import type { Command } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { addHeadOptions, type HeadFlags, headOf } from "../head-options.ts";
import { parseCopies } from "../parse-copies.ts";
import { parseNumber } from "../parse-number.ts";
import { ProgressLine } from "../progress.ts";

interface ExportFlags extends HeadFlags {
  readonly checkpoint?: string;
  readonly architecture: string;
  readonly label?: string;
  readonly threshold?: number;
  readonly singleFile?: boolean;
  readonly model?: string;
  readonly embedding?: string;
  readonly tta?: readonly AudioCopy[];
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `callsign export`: a checkpoint becomes model.onnx + model.json, or a model one file for any onnxruntime. */
export function registerExport(program: Command, context: CliContext): void {
  const exportCommand = program
    .command("export")
    .description(
      "Turn a trained checkpoint into a model folder (model.onnx and its card, model.json), " +
        "or with --single-file a model into one ONNX file: audio and state in, scores and state out.",
    )
    .option("--checkpoint <file>", "weights as a safetensors file with PyTorch tensor names")
    .option("--architecture <name>", "network of these weights: mlp", "mlp")
    .option("--label <name>", "label of a detection")
    .option("--threshold <score>", "detection threshold, 0 to 1 (default: 0.5)", parseNumber)
    .option(
      "--tta <copies>",
      "test-time augmentation for the card: copies of the audio whose scores are averaged, such as 0,256,0@-6",
      parseCopies,
    )
    .option("--single-file", "write log-mel, embedding and classifier of --model as one ONNX file")
    .option("--model <dir>", "model folder, or an .onnx head without a card, for --single-file")
    .option(
      "--embedding <file>",
      "speech embedding ONNX file (default: found as `callsign models list` shows)",
    )
    .requiredOption("--out <path>", "folder for the model; with --single-file the file")
    .option("--force", "replace a model that is already there")
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
  const { exportCheckpoint } = await import("@callsign/train");
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

/** @throws CallsignError `INVALID_ARGUMENT` where one of these files exists and `--force` was not given */
async function refuseToReplace({ force }: ExportFlags, files: readonly string[]): Promise<void> {
  if (force === true) return;
  for (const file of files) {
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFile())
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `export: ${file} exists; give --force to replace it, or another --out`,
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
  const { buildSingleFile } = await import("@callsign/infer");
  const { createNodeSession, readModel, writeFileAtomic } = await import("@callsign/infer/node");
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
