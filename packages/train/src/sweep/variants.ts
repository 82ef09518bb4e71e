import { CallsignError } from "@callsign/audio/internal";

/** A field of a config and the values to try. */
export interface SweptField {
  /** Such as `train.learningRate`. */
  readonly path: string;
  readonly values: readonly unknown[];
}

/** A config with one value of each swept field. */
export interface Variant {
  /** Its values, as the name of a folder. */
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Not checked against the schema. */
  readonly config: unknown;
}

/** Trainings of one sweep; more are a mistake in a range. */
const MAX_VARIANTS = 1000;

/**
 * Reads fields such as `train.seed=1..10` (whole numbers) or `train.learningRate=0.001,0.003`.
 * @throws CallsignError `INVALID_ARGUMENT`
 */
export function parseSweptFields(texts: readonly string[]): SweptField[] {
  const fields = texts.map(parseField);
  const twice = fields.find(({ path }, i) => fields.findIndex((other) => other.path === path) !== i);
  if (twice) throw wrong(twice.path, "expected each field once");
  const count = fields.reduce((product, { values }) => product * values.length, 1);
  if (count <= MAX_VARIANTS) return fields;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `--over: expected at most ${MAX_VARIANTS} variants, got ${count}`,
  );
}

function parseField(text: string): SweptField {
  const [, path = "", list = ""] = /^([\w.]+)=(.+)$/.exec(text) ?? [];
  if (path === "") throw wrong(text, "expected FIELD=VALUE,VALUE or FIELD=FIRST..LAST");
  if (!path.startsWith("train."))
    throw wrong(text, "expected a field of train, since all variants train on one build of data");
  const range = /^(-?\d+)\.\.(-?\d+)$/.exec(list);
  if (range === null) return { path, values: [...new Set(list.split(",").map(parseValue))] };
  const [first, last] = [Number(range[1]), Number(range[2])];
  if (last < first || last - first >= MAX_VARIANTS)
    throw wrong(text, `expected a range that rises, of at most ${MAX_VARIANTS} numbers`);
  return { path, values: Array.from({ length: last - first + 1 }, (_, i) => first + i) };
}

/** A number, `true`, `false` or `null`; anything else is text. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const wrong = (text: string, problem: string): CallsignError =>
  new CallsignError(
    "INVALID_ARGUMENT",
    `--over ${text}: ${problem}; for example train.seed=1..10 train.learningRate=0.001,0.003`,
  );

/** Every combination of the fields' values; the last field changes fastest. */
export function variantsOf(base: unknown, fields: readonly SweptField[]): Variant[] {
  let combinations: readonly Record<string, unknown>[] = [{}];
  for (const { path, values } of fields)
    combinations = combinations.flatMap((chosen) => values.map((value) => ({ ...chosen, [path]: value })));
  return combinations.map((values) => ({
    name: Object.entries(values)
      .map(([path, value]) => `${path.replace("train.", "")}-${String(value)}`)
      .join("_")
      .replaceAll(/[^\w.-]+/g, "-"),
    values,
    config: Object.entries(values).reduce<unknown>(
      (config, [path, value]) => mergeConfig(config, nested(path.split("."), value)),
      base,
    ),
  }));
}

const nested = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight((inner, key) => ({ [key]: inner }), value);

/** `patch` over `value`; objects are merged, anything else is replaced. */
export function mergeConfig(value: unknown, patch: unknown): unknown {
  if (!isObject(value) || !isObject(patch)) return patch;
  const merged = { ...value };
  for (const [key, entry] of Object.entries(patch))
    merged[key] = Object.hasOwn(value, key) ? mergeConfig(value[key], entry) : entry;
  return merged;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
