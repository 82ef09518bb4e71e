import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import type * as z from "zod";

/** Parses the text of a JSON file and checks it by a schema. @throws CallsignError `CONFIG_INVALID` */
export function parseJsonFile<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  { name }: { readonly name: string },
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CallsignError("CONFIG_INVALID", `${name}: not JSON: ${String(cause)}`, { cause });
  }
  return parseStrict(schema, value, { name, code: "CONFIG_INVALID" });
}
