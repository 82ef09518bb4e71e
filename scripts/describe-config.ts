// The fields of every config as Markdown, read off the schemas that check them.
import { detectorConfigSchema, embeddingConfigSchema } from "@callsign/train/internal";
import * as z from "zod";

/** docs/config-reference.md. */
export function configReference(): string {
  const section = (title: string, intro: string, schema: z.ZodType): string => {
    const rows = rowsOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema, "");
    const lines = rows.map(({ name, type, fallback, what }) => {
      const facts = [type, ...(fallback === "" ? [] : [`default ${fallback}`])].join("; ");
      return `- \`${name}\` (${facts})${what === "" ? "" : `: ${what}`}`;
    });
    return `## ${title}\n\n${intro}\n\n${lines.join("\n")}\n`;
  };
  return [
    "# Config reference\n\nMade by `npm run config-reference` from the schemas that check the files; a test keeps it current. A misspelt field is\nan error with a suggestion. `${NAME}` in a text stands for the environment variable; paths start from the file's folder.\n",
    section(
      "A detector: `callsign run`, `data build`, `train`",
      "One file for the whole life of a detector.",
      detectorConfigSchema,
    ),
    section("An embedding: `callsign embedding train`", "See configs/embedding.yaml.", embeddingConfigSchema),
  ].join("\n");
}

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Row {
  readonly name: string;
  readonly type: string;
  readonly fallback: string;
  readonly what: string;
}

function rowsOf(schema: Schema, prefix: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const row: Row = {
      name,
      type: typeOf(field),
      fallback: isPlain(field.default) ? `\`${JSON.stringify(field.default)}\`` : "",
      what: (field.description ?? "").replaceAll("\n", " "),
    };
    return [row, ...innerRows(field, name)];
  });
}

/** Of an object, of a list's entries, and of each kind of a choice. */
function innerRows(field: Schema, name: string): Row[] {
  if (field.properties) return rowsOf(field, `${name}.`);
  const item = field.items || undefined;
  const choices = (item ?? field).anyOf ?? (item ?? field).oneOf;
  const place = item ? `${name}[].` : `${name}.`;
  if (item?.properties) return rowsOf(item, place);
  return (choices ?? []).flatMap((choice) => {
    const kind = choice.properties?.kind?.const;
    return rowsOf(choice, typeof kind === "string" ? `${place}(${kind}) ` : place);
  });
}

const isPlain = (value: unknown): boolean =>
  value !== undefined && (typeof value !== "object" || (Array.isArray(value) && value.length <= 4));

function typeOf({ type, const: constant, enum: values, minimum, maximum, ...schema }: Schema): string {
  if (constant !== undefined) return JSON.stringify(constant);
  if (values) return values.map((value) => JSON.stringify(value)).join(" or ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map((choice) => typeOf(choice)))].join(" or ");
  if (type === "array")
    return schema.prefixItems ? `[${schema.prefixItems.map((item) => typeOf(item)).join(", ")}]` : "list";
  if (type === "integer" || type === "number")
    return `${type === "integer" ? "whole number" : "number"}${range(minimum, maximum)}`;
  return type === "string" ? "text" : (type ?? "any");
}

function range(minimum: number | undefined, maximum: number | undefined): string {
  const isBound = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (isBound(minimum) && isBound(maximum)) return `, ${minimum} to ${maximum}`;
  return isBound(minimum) ? `, from ${minimum}` : isBound(maximum) ? `, to ${maximum}` : "";
}
