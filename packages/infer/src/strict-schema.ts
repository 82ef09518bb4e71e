import * as z from "zod";
import { closestName } from "./closest-name.ts";
import { CallsignError, type CallsignErrorCode } from "./errors.ts";

/** Who is being checked, for the message, and the code to refuse with. */
export interface StrictParseOptions {
  /** File or other origin of the value; begins every message. */
  readonly name: string;
  readonly code: CallsignErrorCode;
}

/**
 * Checks a value from outside against a schema and returns the parsed copy. Every problem is listed with its field
 * path and what was found there; an unknown key comes with the key it was probably meant to be.
 * @throws CallsignError with the given code
 */
export function parseStrict<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { name, code }: StrictParseOptions,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => describeIssue(issue, { schema, value }));
  const shown = problems.slice(0, MOST_LINES).map((describe) => describe());
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  const message = shown.length === 1 ? `${name}: ${shown[0]}` : `${name}:\n  ${shown.join("\n  ")}`;
  throw new CallsignError(code, message, { cause: result.error });
}

const MOST_LINES = 10;

interface Parsed {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

/** One description for each problem, made only when it is shown: hostile input has many. */
function describeIssue(issue: z.core.$ZodIssue, { schema, value }: Parsed): (() => string)[] {
  const where = formatPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, value, issue.path);
    return issue.keys.map((key) => () => `${where}: unknown key ${quote(key)}${suggestion(key, known)}`);
  }
  const found = valueAt(value, issue.path);
  // A missing key already reads "received undefined"; a custom message says what it found itself.
  const got = issue.code === "custom" || found === undefined ? "" : `, got ${brief(found)}`;
  return [() => `${where}: ${issue.message}${got}`];
}

function suggestion(key: string, known: readonly string[]): string {
  const closest = closestName(key, known);
  if (closest !== undefined) return `; did you mean ${quote(closest)}?`;
  return known.length > 0 ? `; known keys: ${known.join(", ")}` : "";
}

/** Keys of the strict object that the path leads to, found by walking schema and value side by side. */
function knownKeys(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): string[] {
  let current: z.core.$ZodType | undefined = schema;
  let currentValue = value;
  for (const step of [...path, undefined]) {
    current = unwrap(current, currentValue);
    if (step === undefined) break;
    const definition = definitionOf(current);
    if (definition?.type === "object") current = definition.shape[String(step)];
    else if (definition?.type === "array") current = definition.element;
    else if (definition?.type === "record") current = definition.valueType;
    else return [];
    currentValue = valueAt(currentValue, [step]);
  }
  const definition = definitionOf(current);
  return definition?.type === "object" ? Object.keys(definition.shape) : [];
}

/** Through optional, default and the like, and into the union member whose discriminator the value carries. */
function unwrap(schema: z.core.$ZodType | undefined, value: unknown): z.core.$ZodType | undefined {
  const definition = definitionOf(schema);
  if (definition === undefined) return undefined;
  if ("innerType" in definition) return unwrap(definition.innerType, value);
  if (definition.type !== "union") return schema;
  if (!("discriminator" in definition) || typeof definition.discriminator !== "string") return schema;
  const { discriminator } = definition;
  const chosen = valueAt(value, [discriminator]);
  return definition.options.find((option) => {
    const member = definitionOf(option);
    const key = member?.type === "object" ? member.shape[discriminator] : undefined;
    return key !== undefined && z.core.safeParse(key, chosen).success;
  });
}

const definitionOf = (schema: z.core.$ZodType | undefined): z.core.$ZodTypes["_zod"]["def"] | undefined =>
  // oxlint-disable-next-line no-underscore-dangle, typescript/no-unsafe-type-assertion -- as zod tells libraries to
  (schema as z.core.$ZodTypes | undefined)?._zod.def;

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Object.getOwnPropertyDescriptor(current, step)?.value;
  }
  return current;
}

function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "at the top";
  return path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : `${i > 0 ? "." : ""}${String(step)}`))
    .join("");
}

function brief(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return quote(value);
}

/** As JSON, cut short: a message must not grow with what it complains about. */
function quote(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
