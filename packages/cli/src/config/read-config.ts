import { readFile } from "node:fs/promises";

import { CallsignError } from "@callsign/audio/internal";
import { LineCounter, parseDocument, type YAMLError } from "yaml";

import { expandVariables } from "./expand-variables.ts";

/** A config larger than this is some other file. */
const MOST_BYTES = 1 << 20;
const MOST_PROBLEMS = 5;

/**
 * A YAML file as a plain value; what its fields mean is for a schema to say. Keys given twice are refused, not overridden.
 * `${NAME}` in a text stands for the environment variable.
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
  if (bytes.length > MOST_BYTES)
    throw new CallsignError(
      "CONFIG_INVALID",
      `${path}: expected a config of at most ${MOST_BYTES} bytes, got ${bytes.length}; is this the right file?`,
    );
  return expandVariables(parseConfig(bytes.toString("utf8"), { name: path }), { name: path, env });
}

/** The same for text that is at hand. */
export function parseConfig(text: string, { name }: { readonly name: string }): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    const lines = problems.slice(0, MOST_PROBLEMS).map((problem) => describe(problem, { name, lineCounter }));
    throw new CallsignError("CONFIG_INVALID", lines.join("\n"), { cause: problems[0] });
  }
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    // Aliases of aliases, which would grow without bound.
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
