import { basename } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import type { BareHeadOptions } from "@callsign/infer/internal";
import type { Command } from "commander";
import { parseNumber } from "./numbers.ts";

/** Flags that describe .onnx heads without a card. */
export interface HeadFlags {
  readonly name?: readonly string[];
  readonly labels?: readonly string[];
  readonly background?: readonly string[];
  readonly headEmbeddings?: readonly string[];
}

/** Declares the flags that `headOf` reads. */
export function addHeadOptions(command: Command): Command {
  return command
    .optionsGroup("Heads without a card:")
    .option(
      "--name <name>",
      "name of the head (default: its file name); repeat it for several heads, in order",
      collect,
    )
    .option(
      "--labels <a,b,...>",
      "labels of the head's outputs, in order (default: made from the name); with several models MODEL=a,b,..., also for the next two flags",
      collect,
    )
    .option(
      "--background <label>",
      'label that means "no command"; it is never reported as a detection',
      collect,
    )
    .option(
      "--head-embeddings <count>",
      "number of embeddings the head reads at once, if its graph accepts any number",
      collect,
    )
    .optionsGroup("Options:");
}

/** Description of one model of a command line, from its flags. @throws CallsignError `INVALID_ARGUMENT` */
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

/** Values of `--name` without MODEL=; they name the heads without a card in order. */
export const namesInOrder = ({ name = [] }: HeadFlags, models: readonly string[]): string[] =>
  name.filter((text) => splitModel(text, models).model === undefined);

/** The flags as arguments of a command line. */
export const headArguments = ({ name, labels, background, headEmbeddings }: HeadFlags): string[] =>
  Object.entries({
    "--name": name,
    "--labels": labels,
    "--background": background,
    "--head-embeddings": headEmbeddings,
  }).flatMap(([flag, values = []]) => values.flatMap((value) => [flag, value]));

/** Collects the values of a flag that may be given several times. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** Names of a model in MODEL=TEXT: its path as given, or the name of its file or folder. */
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
    `${flag}: expected MODEL=... because there are several models, such as ${flag} ${names[0]}=${given}; models: ${names.join(", ")}`,
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
