import { availableParallelism } from "node:os";
import { join } from "node:path";

import type { EmbeddingAgreement } from "@callsign/eval";
import type { EmbeddingProgress, MadeEmbedding } from "@callsign/train";
import type { Command } from "commander";

import { BACKEND_CHOICES } from "../backend-choices.ts";
import { type CliContext, printJson } from "../context.ts";
import { asProgress, follow } from "../follow.ts";
import { parseNumber } from "../parse-number.ts";

interface TrainFlags {
  readonly config: string;
  readonly out?: string;
  readonly lessons?: string;
  readonly workers?: number;
  readonly backend: string;
  readonly json?: boolean;
}

interface CompareFlags {
  readonly embedding: string;
  readonly audio: readonly string[];
  readonly json?: boolean;
}

/** `callsign embedding`: train an embedding of one's own, and see how near it is to its teacher. */
export function registerEmbedding(program: Command, context: CliContext): void {
  const embedding = program
    .command("embedding")
    .description("Train a speech embedding by distillation, and compare it with its teacher.")
    .addHelpText("after", "\nExample:\n  callsign embedding train --config configs/embedding.yaml");
  embedding
    .command("train")
    .description(
      "Make lessons from synthesized speech, train a student of the reference embedding, export it.",
    )
    .requiredOption("--config <file>", "YAML config of the embedding")
    .option("--out <dir>", "folder for the embedding (default: embeddings/NAME)")
    .option("--lessons <dir>", "folder for the lessons (default: build/NAME-lessons)")
    .option("--workers <count>", "worker threads that make lessons (default: cores - 1)", parseNumber)
    .option("--backend <name>", BACKEND_CHOICES, "auto")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign embedding train --config configs/embedding.yaml\n\nCtrl-C writes a checkpoint first; the same command continues from it.",
    )
    .action((flags: TrainFlags) => train(context, flags));
  embedding
    .command("compare")
    .description("Compare an embedding with the reference on recordings: mean cosine and explained variance.")
    .requiredOption("--embedding <file>", "the embedding's ONNX file")
    .requiredOption("--audio <dir...>", "folders of recordings")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign embedding compare --embedding embeddings/mine/embedding.onnx --audio recordings",
    )
    .action((flags: CompareFlags) => compare(context, flags));
}

async function train(context: CliContext, flags: TrainFlags): Promise<void> {
  const { makeEmbedding, parseEmbeddingConfig } = await import("@callsign/train");
  const { toolIdentity } = await import("@callsign/infer/node");
  const { readConfig } = await import("../read-config.ts");
  const { openBackend } = await import("../open-backend.ts");
  const config = parseEmbeddingConfig(await readConfig(flags.config, { env: context.env }), {
    name: flags.config,
  });
  const teacher = await locateTeacher(context, config.teacher);
  const backend = await openBackend(context, flags.backend);
  const total = config.train.steps;
  const events = makeEmbedding(config, {
    backend,
    teacher,
    lessonsDir: flags.lessons ?? join("build", `${config.name}-lessons`),
    out: flags.out ?? join("embeddings", config.name),
    workers: flags.workers ?? Math.max(1, availableParallelism() - 1),
    identity: toolIdentity(),
    signal: context.signal,
  });
  try {
    const made = await follow(events, {
      context,
      show: (event) => ({
        progress: { stage: "train", done: event.step, total, unit: "steps" },
        ...(event.agreement && { line: formatLook(event) }),
      }),
    });
    tell(context, made, flags);
  } finally {
    backend.release();
  }
}

function formatLook({ step, loss, agreement }: EmbeddingProgress): string {
  const { cosine = NaN, r2 = NaN } = agreement ?? {};
  return `step ${step}: loss ${loss.toFixed(4)}; voices kept apart: cosine ${cosine.toFixed(4)}, variance explained ${r2.toFixed(4)}`;
}

function tell(context: CliContext, made: MadeEmbedding, { json = false }: { json?: boolean }): void {
  if (json) printJson(context, made);
  else
    context.stdout(
      `${made.parameterCount.toLocaleString("en-US")} parameters, ${made.bytes.toLocaleString("en-US")} bytes -> ${made.modelFile}\nsha256 ${made.sha256}\n`,
    );
}

/** The embedding that is learned from: the reference, found or downloaded, or a file. */
async function locateTeacher({ env, signal }: CliContext, teacher: string) {
  const { chooseEmbedding } = await import("@callsign/infer/node");
  return chooseEmbedding(teacher, { env, signal });
}

async function compare(context: CliContext, flags: CompareFlags): Promise<void> {
  const { compareEmbeddings } = await import("@callsign/eval");
  const { SPEECH_EMBEDDING } = await import("@callsign/infer/node");
  const teacher = await locateTeacher(context, SPEECH_EMBEDDING.id);
  const events = compareEmbeddings({
    teacherPath: teacher.path,
    studentPath: flags.embedding,
    folders: flags.audio,
    signal: context.signal,
  });
  const found = await follow(events, { context, show: asProgress });
  if (flags.json) printJson(context, found);
  else context.stdout(formatAgreement(found));
}

function formatAgreement({ recordings, embeddings, cosine, r2, r2ByDimension }: EmbeddingAgreement): string {
  const { p10, p50, p90 } = r2ByDimension;
  return [
    `${recordings} recordings, ${embeddings.toLocaleString("en-US")} embeddings`,
    `mean cosine ${cosine.toFixed(4)} (per-dimension standardised)`,
    `variance explained ${r2.toFixed(4)}; by dimension ${p10.toFixed(3)} (p10), ${p50.toFixed(3)} (p50), ${p90.toFixed(3)} (p90)`,
    "",
  ].join("\n");
}
