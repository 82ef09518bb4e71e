import { readFile } from "node:fs/promises";

import { CallsignError } from "@callsign/audio/internal";
import { LineCounter, parseDocument, type YAMLError } from "yaml";

import { expandVariables } from "./expand-variables.ts";

/** Maximum size of a config; a larger file is probably not a config. */
const MAX_BYTES = 1 << 20;
const MAX_PROBLEMS = 5;

/**
 * Reads a YAML file as a plain value, without checking it against a schema. Duplicate keys are refused, and `${NAME}` in
 * texts is replaced by the environment variable.
 * @throws CallsignError `CONFIG_INVALID` with `file:line:column`, `FILE_NOT_FOUND`
 */
export async function readConfig(
  path: string,
  { env = {} }: { readonly env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<unknown> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read the config: ${reason}`, { cause });
  });
  if (bytes.length > MAX_BYTES)
    throw new CallsignError(
      "CONFIG_INVALID",
      `${path}: expected a config of at most ${MAX_BYTES} bytes, got ${bytes.length}; is this the right file?`,
    );
  return expandVariables(parseConfig(bytes.toString("utf8"), { name: path }), { name: path, env });
}

/** Parses YAML text as `readConfig` does, without environment variables. */
export function parseConfig(text: string, { name }: { readonly name: string }): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    const lines = problems.slice(0, MAX_PROBLEMS).map((problem) => describe(problem, { name, lineCounter }));
    throw new CallsignError("CONFIG_INVALID", lines.join("\n"), { cause: problems[0] });
  }
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    // Thrown for nested aliases that would expand without bound.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("CONFIG_INVALID", `${name}: ${reason}`, { cause });
  }
}

function describe(
  problem: YAMLError,
  { name, lineCounter }: { name: string; lineCounter: LineCounter },
): string {
  const { line, col } = lineCounter.linePos(problem.pos[0]);
  return `${name}:${line}:${col}: not valid YAML: ${problem.message}`;
}
