import type { Command } from "commander";
import { type CliContext, printJson } from "../../context.ts";
import type { Check } from "./check.ts";

/** Registers `callsign doctor`: which parts Callsign finds on this machine, and how to install the others. */
export function registerDoctor(program: Command, context: CliContext): void {
  program
    .command("doctor")
    .description(
      "Check this machine: Node, execution providers, training backends, speech engines, model files.",
    )
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign doctor\n\nThe exit code is 1 only if a required part is missing.",
    )
    .action((flags: { json?: boolean }) => doctor(context, flags));
}

async function doctor(context: CliContext, { json }: { json?: boolean }): Promise<void> {
  const { runChecks } = await import("./run-checks.ts");
  const checks = await runChecks(context.env);
  if (json) printJson(context, checks);
  else for (const check of checks) context.stdout(formatCheck(check));
  const broken = checks.filter(({ found, required }) => required && !found);
  if (broken.length > 0) {
    const { CallsignError } = await import("@callsign/audio/internal");
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `doctor: required parts are missing: ${broken.map(({ name }) => name).join(", ")}`,
    );
  }
  if (!json) context.stdout(`\n${conclusionOf(checks)}\n`);
}

/** Last line when nothing required is missing. */
const conclusionOf = (checks: readonly Check[]): string =>
  checks.every(({ found }) => found)
    ? "Everything is here."
    : "Everything needed is here; what is missing is optional.";

function formatCheck({ group, name, found, detail, fix }: Check): string {
  const head = `${found ? "found  " : "missing"}  ${group.padEnd(18)} ${name.padEnd(32)} ${firstLine(detail)}\n`;
  return found || fix === undefined ? head : `${head}${" ".repeat(28)}-> ${fix}\n`;
}

const firstLine = (text: string): string => text.split("\n", 1)[0]!;
