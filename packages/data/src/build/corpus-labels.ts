import { basename } from "node:path";

import { CallsignError, closestName } from "@callsign/infer";

import { createPhraseTest } from "../sources/contains-phrase.ts";
import { findClipFiles, labelOfFile } from "../sources/folder.ts";
import { readTruth } from "../sources/truth.ts";
import { spokenText } from "../text/spoken-text.ts";
import type { BuildContext } from "./build-context.ts";
import { type CorpusSet, locateSource } from "./corpus-sets.ts";

/**
 * Whether a corpus's labels and names agree with what it is used for: recordings of a phrase must not become negatives
 * because of a missing `role` or a misspelt label. `role: negative` says that they are to be.
 * @throws CallsignError `CONFIG_INVALID`, and what finding the files can throw
 */
export async function checkCorpusLabels(context: BuildContext, set: CorpusSet): Promise<void> {
  if (set.role === "negative" || (set.kind !== "corpus" && set.kind !== "recording")) return;
  const found = await labelledRecordings(context, set);
  const labels = countBy(found.map(({ label }) => label));
  const check = { ...set, names: context.config.labels, labels, recordings: found };
  const problem = set.labelled ? misspelt(check) : unasked(check);
  if (problem !== undefined) throw invalid(set, problem);
  const negatives = set.labelled
    ? found.filter(({ label }) => !context.config.labels.some((one) => one.label === label))
    : found;
  const named = phraseInNames(context, { negatives, all: found.length });
  if (named !== undefined) throw invalid(set, named);
}

interface Recording {
  readonly label: string | undefined;
  /** What is known of the words: names and texts. */
  readonly texts: readonly string[];
}

async function labelledRecordings(context: BuildContext, set: CorpusSet): Promise<Recording[]> {
  const source = locateSource(context, set.source);
  switch (source.kind) {
    case "folder": {
      const folder = basename(source.path);
      return (await findClipFiles(source)).map(({ path, relativePath }) => ({
        label: labelOfFile(path, source),
        texts: [...(source.text === undefined ? [] : [source.text]), nameAsText(`${folder}/${relativePath}`)],
      }));
    }
    case "clip": {
      const { intervals } = await readTruth(source.truth);
      return intervals.map(({ label, text }) => ({
        label: label ?? source.label,
        texts: text === undefined ? [] : [text],
      }));
    }
    default:
      return [{ label: "label" in source ? source.label : undefined, texts: [] }];
  }
}

interface Check extends CorpusSet {
  readonly names: BuildContext["config"]["labels"];
  /** The corpus's own labels and how many recordings have each. */
  readonly labels: ReadonlyMap<string, number>;
  readonly recordings: readonly Recording[];
}

/** Of recordings that are to be positives where their label is one of the detector's. */
function misspelt({ names, labels, role, kind, source }: Check): string | undefined {
  const own = [...labels.keys()];
  if (own.length === 0) return undefined;
  const known = names.map(({ label }) => label);
  for (const label of own.filter((one) => !known.includes(one))) {
    const meant = sameName(label, names) ?? slipOf(label, { known, own });
    if (meant !== undefined)
      return `its label ${quote(label)} is none of the detector's; did you mean ${quote(meant)}? Its ${recordings(labels.get(label)!)} would become negatives; ${howToLabel(kind, source)}`;
  }
  if (own.some((label) => known.includes(label))) return undefined;
  const closest = own.map((label) => closestName(label, known)).find((name) => name !== undefined);
  const wanted = role === "labelled" ? "role: labelled uses recordings labelled" : "it is labelled, for";
  return (
    `${wanted} ${known.map(quote).join(", ")}, got ${own.slice(0, 5).map(quote).join(", ")}${own.length > 5 ? " and others" : ""}` +
    `${closest === undefined ? "" : `; did you mean ${quote(closest)}?`}; ${howToLabel(kind, source)}, or say role: negative if the words are not said in it`
  );
}

/** A label near one of the detector's that no other label of the corpus is. */
function slipOf(
  label: string,
  { known, own }: { readonly known: readonly string[]; readonly own: readonly string[] },
): string | undefined {
  // Of short words many are near each other: "go" and "no".
  const missing = known.filter((name) => name.length >= 5 && !own.includes(name));
  return label.length < 5 ? undefined : closestName(label, missing);
}

const howToLabel = (kind: string, source: CorpusSet["source"]): string =>
  kind === "recording"
    ? "correct the labels in the truth file, or source.label"
    : source.kind === "folder" && source.label === undefined
      ? "rename the folder the recordings lie in, or set source.label"
      : "correct source.label";

/** Of recordings that would be negatives. */
function unasked({ names, labels, recordings: all, source }: Check): string | undefined {
  const known = names.map(({ label }) => label);
  for (const [label, count] of labels) {
    const meant =
      sameName(label, names) ??
      ("label" in source && source.label !== undefined ? slipOf(label, { known, own: [label] }) : undefined);
    if (meant === undefined) continue;
    const which = meant === label ? "as the detector's own" : `and the detector has ${quote(meant)}`;
    return (
      `${count} of ${recordings(all.length)} are labelled ${quote(label)}, ${which}, and would become negatives; ` +
      `set role: labelled${meant === label ? "" : ` and source.label: ${meant}`} if ${quote(meant)} is said in them, or role: negative if not`
    );
  }
  return undefined;
}

/** The detector's label that a name is another way to write, by the label itself or by one of its phrases. */
function sameName(name: string, labels: Check["names"]): string | undefined {
  const key = keyOf(name);
  return labels.find(({ label, phrases }) => [label, ...phrases].some((one) => keyOf(one) === key))?.label;
}

const keyOf = (name: string): string => {
  const text = name.replaceAll(/[_\-.]+/g, " ");
  return (spokenText(text) || text.normalize("NFKD").toLowerCase()).replaceAll(" ", "");
};

function phraseInNames(
  { config }: BuildContext,
  { negatives, all }: { negatives: readonly Recording[]; all: number },
): string | undefined {
  for (const { label, phrases } of config.labels) {
    for (const phrase of phrases) {
      const says = createPhraseTest([phrase]);
      const count = negatives.filter(({ texts }) => texts.some(says)).length;
      if (count === 0) continue;
      return (
        `by their names or texts, recordings contain the phrase ${quote(phrase)} (${count} of ${recordings(all)}), and would become negatives; ` +
        `set role: labelled and source.label: ${label} if they say it, leave them out with source.exclude, or set role: negative if it is not said in them`
      );
    }
  }
  return undefined;
}

/** A path as words: `hey-nimbus_01.wav` is "hey nimbus". Numbers in names count takes. */
const nameAsText = (path: string): string =>
  path
    .replace(/\.[^./]+$/, "")
    .replaceAll(/[\d_\-.+/]+/g, " ")
    .replaceAll(/(\p{Ll})(?=\p{Lu})/gu, "$1 ");

const invalid = ({ id, source }: CorpusSet, problem: string): CallsignError =>
  new CallsignError("CONFIG_INVALID", `data: ${id} (${source.path ?? source.kind}): ${problem}`);

function countBy(labels: readonly (string | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

const recordings = (count: number): string => `${count} recording${count === 1 ? "" : "s"}`;
const quote = (text: string): string => JSON.stringify(text);
