import { Command, CommanderError } from "commander";
import { registerBench } from "./commands/bench.ts";
import { registerData } from "./commands/data.ts";
import { registerDetect } from "./commands/detect.ts";
import { registerGate } from "./commands/gate.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerEmbedding } from "./commands/embedding.ts";
import { registerEval } from "./commands/eval.ts";
import { registerExport } from "./commands/export.ts";
import { registerListen } from "./commands/listen.ts";
import { registerModels } from "./commands/models.ts";
import { registerNew } from "./commands/new.ts";
import { registerRun } from "./commands/run.ts";
import { registerServe } from "./commands/serve.ts";
import { registerTrain } from "./commands/train.ts";
import type { CliContext } from "./context.ts";
import { describeError, exitCodeOf, type ExitCode } from "./exit-code.ts";

/**
 * Runs one command line and returns its exit code; never throws and never exits the process.
 * Command files only declare options: each loads what it needs when it runs, so `detect` never loads TensorFlow.
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  const program = createProgram(context);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has already printed its own usage errors and help.
    if (!(error instanceof CommanderError)) context.stderr(`${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

/** The whole command tree, bound to a context. */
export function createProgram(context: CliContext): Command {
  const program = new Command("callsign")
    .description("Train, run and evaluate voice-command detectors.")
    .showHelpAfterError("Run with --help for the options and an example.")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: context.stdout, writeErr: context.stderr });
  for (const register of [
    registerNew,
    registerData,
    registerDetect,
    registerGate,
    registerListen,
    registerServe,
    registerEval,
    registerBench,
    registerTrain,
    registerRun,
    registerEmbedding,
    registerExport,
    registerModels,
    registerDoctor,
  ]) {
    register(program, context);
  }
  return program;
}

export type { CliContext } from "./context.ts";
