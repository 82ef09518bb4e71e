import { basename } from "node:path";
import { type BareHeadOptions, CallsignError } from "@callsign/infer";
import type { Command } from "commander";
import { parseNumber } from "./parse-number.ts";

/** The flags that describe .onnx heads without a card, as they were given. */
export interface HeadFlags {
  readonly name?: readonly string[];
  readonly labels?: readonly string[];
  readonly background?: readonly string[];
  readonly headEmbeddings?: readonly string[];
}

/** Declares the flags that `headOf` reads. */
export function addHeadOptions(command: Command): Command {
  return command
    .option(
      "--name <name>",
      "name of an .onnx head without a card (default: its file's name); repeat it for several heads, in their order",
      collect,
    )
    .option(
      "--labels <a,b,...>",
      "labels of its outputs, in order (default: made from the name); with several models MODEL=a,b,..., as for the next two",
      collect,
    )
    .option("--background <label>", 'the label that means "no command" and is never a detection', collect)
    .option(
      "--head-embeddings <count>",
      "embeddings it reads at once, if its graph accepts any number",
      collect,
    );
}

/** How the flags describe one of the models of a command line. @throws CallsignError `INVALID_ARGUMENT` */
export function headOf(
  flags: HeadFlags,
  { model, models }: { readonly model: string; readonly models: readonly string[] },
): BareHeadOptions {
  const valueOf = (flag: string, given: readonly string[] = []): string | undefined =>
    given
      .map((text) => ownPart(text, { flag, models }))
      .findLast((value) => value.model === undefined || keysOf(model).includes(value.model))?.text;
  const name = valueOf("--name", flags.name);
  const labels = valueOf("--labels", flags.labels);
  const background = valueOf("--background", flags.background);
  const embeddings = valueOf("--head-embeddings", flags.headEmbeddings);
  return {
    ...(name !== undefined && { name }),
    ...(labels !== undefined && { labels: labels.split(",").map((label) => label.trim()) }),
    ...(background !== undefined && { background }),
    ...(embeddings !== undefined && { embeddings: parseCount(embeddings) }),
  };
}

/** Names that no model is named with: they go to the heads without a card in their order. */
export const namesInOrder = ({ name = [] }: HeadFlags, models: readonly string[]): string[] =>
  name.filter((text) => splitModel(text, models).model === undefined);

/** The flags again, for a command line that gives the same scores. */
export const headArguments = ({ name, labels, background, headEmbeddings }: HeadFlags): string[] =>
  Object.entries({
    "--name": name,
    "--labels": labels,
    "--background": background,
    "--head-embeddings": headEmbeddings,
  }).flatMap(([flag, values = []]) => values.flatMap((value) => [flag, value]));

const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** What a model is called in a flag: its path as given, or its file's or folder's name. */
const keysOf = (model: string): string[] => [model, basename(model), basename(model).replace(/\.onnx$/i, "")];

/** Splits `MODEL=TEXT`, where MODEL is one of the models. */
function splitModel(
  given: string,
  models: readonly string[],
): { readonly model?: string; readonly text: string } {
  const model = models.flatMap(keysOf).find((key) => given.startsWith(`${key}=`));
  return model === undefined ? { text: given } : { model, text: given.slice(model.length + 1) };
}

function ownPart(
  given: string,
  { flag, models }: { readonly flag: string; readonly models: readonly string[] },
): ReturnType<typeof splitModel> {
  const part = splitModel(given, models);
  if (part.model !== undefined || models.length === 1) return part;
  const names = models.map((path) => keysOf(path).at(-1));
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `${flag}: there are several models, say which: ${flag} ${names[0]}=${given}; known: ${names.join(", ")}`,
  );
}

function parseCount(text: string): number {
  const count = parseNumber(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1024) return count;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `--head-embeddings: expected an integer 1 to 1024, got ${text}`,
  );
}
