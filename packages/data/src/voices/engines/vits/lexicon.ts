import { readFile } from "node:fs/promises";
import { CallsignError } from "@callsign/audio/internal";
import { synthesisFailed } from "../../synthesis-error.ts";
import type { VitsFiles } from "./files.ts";

/**
 * The words that a model can say, or undefined when it pronounces any (Piper). sherpa-onnx trusts both files, and a
 * text without a known token ends the process, so they are checked here line by line.
 * @throws CallsignError `MODEL_INVALID` with file and line
 */
export async function readLexicon({ tokens, lexicon }: VitsFiles): Promise<ReadonlySet<string> | undefined> {
  const known = await readTokens(tokens);
  if (lexicon === undefined) {
    // Padding, beginning and end, which Piper puts around every text.
    const missing = ["_", "^", "$"].filter((symbol) => !known.has(symbol));
    if (missing.length > 0)
      throw invalid(tokens, `expected Piper's symbols _ ^ $, missing ${missing.join(" ")}`);
    return undefined;
  }
  const words = new Set<string>();
  for (const line of (await readFile(lexicon, "utf8")).split("\n")) {
    const [word = "", ...sounds] = line.trim().split(/\s+/);
    if (sounds.length > 0 && sounds.every((sound) => known.has(sound))) words.add(word.toLowerCase());
  }
  if (words.size === 0)
    throw invalid(lexicon, `expected lines of a word and its tokens, all of them in ${tokens}; found none`);
  return words;
}

/**
 * sherpa-onnx leaves out words its lexicon lacks, and the clip would not say what its label says.
 * @throws CallsignError `SYNTHESIS_FAILED` naming them
 */
export function checkWords(
  text: string,
  { words, lexicon }: { words: ReadonlySet<string>; lexicon: string },
): void {
  const spoken = text.toLowerCase().match(/[\p{L}\p{N}]+(?:'\p{L}+)*/gu) ?? [];
  const unknown = [...new Set(spoken.filter((word) => !words.has(word)))];
  if (unknown.length === 0) return;
  throw synthesisFailed({
    engine: "vits",
    text,
    reason: `${lexicon} has no pronunciation of ${unknown.join(", ")}; spell numbers out, or add lines to the file`,
  });
}

async function readTokens(path: string): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  const lines = (await readFile(path, "utf8")).split("\n");
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    // A line that is a number alone is the space's.
    const match = /^(\S+)[ \t]+\d+\s*$/.exec(line) ?? /^[ \t]*()\d+\s*$/.exec(line);
    if (match === null)
      throw invalid(
        `${path}:${i + 1}`,
        `expected a symbol and its number, got ${JSON.stringify(line.slice(0, 60))}`,
      );
    known.add(match[1] || " ");
  }
  if (known.size === 0) throw invalid(path, "expected lines of a symbol and its number, got none");
  return known;
}

const invalid = (where: string, problem: string): CallsignError =>
  new CallsignError("MODEL_INVALID", `${where}: ${problem}`);
