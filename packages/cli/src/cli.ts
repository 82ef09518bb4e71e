import { existsSync, readFileSync } from "node:fs";

import { closestName } from "@callsign/audio/internal";
import { Command, CommanderError } from "commander";
import { registerBench } from "./commands/bench.ts";
import { registerData } from "./commands/data.ts";
import { registerDetect } from "./commands/detect.ts";
import { registerGate } from "./commands/gate.ts";
import { registerDoctor } from "./commands/doctor/doctor.ts";
import { registerEmbedding } from "./commands/embedding.ts";
import { registerEval } from "./commands/eval/eval.ts";
import { registerExport } from "./commands/export.ts";
import { registerListen } from "./commands/listen/listen.ts";
import { registerModels } from "./commands/models.ts";
import { registerNew } from "./commands/new/new.ts";
import { registerRun } from "./commands/run.ts";
import { registerServe } from "./commands/serve.ts";
import { registerSweep } from "./commands/sweep/sweep.ts";
import { registerTrain } from "./commands/train.ts";
import { registerWorker } from "./commands/worker.ts";
import type { CliContext } from "./context.ts";
import { describeError, exitCodeOf, type ExitCode } from "./exit-code.ts";

/**
 * Runs one command line and returns its exit code; never throws and never exits the process.
 * Command files only declare options and load the rest when they run, so `detect` never loads TensorFlow.
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

/** Command tree bound to a context. */
export function createProgram(context: CliContext): Command {
  const program = new CallsignCommand("callsign")
    .description("Train, run and evaluate voice-command detectors.")
    .version(readVersion(), "-V, --version", "print the version")
    .showHelpAfterError("Add --help for the options and an example.")
    .showSuggestionAfterError()
    .addHelpText("after", EXIT_CODES)
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
    registerSweep,
    registerRun,
    registerWorker,
    registerEmbedding,
    registerExport,
    registerModels,
    registerDoctor,
  ]) {
    register(program, context);
  }
  return program;
}

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 bad usage or config, 130 interrupted by Ctrl-C, 143 by SIGTERM.
Errors are printed on stderr as "error [CODE] message"; results on stdout.`;

/** Command that reports an unknown option before a missing required one, which may be the same one misspelt. */
class CallsignCommand extends Command {
  override createCommand(name?: string): Command {
    return new CallsignCommand(name);
  }

  override parseOptions(args: string[]): ReturnType<Command["parseOptions"]> {
    const parsed = super.parseOptions(args);
    const [flag] = parsed.unknown;
    const isLeaf = this.parent !== null && this.commands.length === 0;
    if (isLeaf && flag?.startsWith("-") === true && !parsed.unknown.some((one) => HELP_FLAGS.has(one))) {
      const known = this.createHelp()
        .visibleOptions(this)
        .flatMap(({ long }) => long ?? []);
      const near = closestName(flag.split("=", 1)[0]!, known);
      const file = existsSync(flag) ? `\n(For the file with this name, write ./${flag})` : "";
      const suggestion = near === undefined ? file : `\n(Did you mean ${near}?)`;
      this.error(`error: unknown option '${flag}'${suggestion}`, { code: "commander.unknownOption" });
    }
    return parsed;
  }
}

const HELP_FLAGS = new Set(["-h", "--help"]);

/** Version of this package; the path of its manifest is the same from src and dist. */
function readVersion(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

export type { CliContext } from "./context.ts";
