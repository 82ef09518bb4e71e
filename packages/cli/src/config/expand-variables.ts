import { CallsignError } from "@callsign/audio/internal";

/**
 * Replaces every `${NAME}` in the texts of a value by the environment variable, so that configs contain no paths of one
 * machine. @throws CallsignError `CONFIG_INVALID` with field and variable if the variable is not set
 */
export function expandVariables(
  value: unknown,
  options: { readonly name: string; readonly env: Readonly<Record<string, string | undefined>> },
  path = "",
): unknown {
  if (typeof value === "string")
    return value.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (_, variable: string) => {
      const found = options.env[variable];
      if (found !== undefined && found !== "") return found;
      throw new CallsignError(
        "CONFIG_INVALID",
        `${options.name}: ${path}: ${JSON.stringify(value)} needs the environment variable ${variable}, which is not set; ` +
          `for example: ${variable}=/path/to/data callsign ...`,
      );
    });
  if (Array.isArray(value))
    return value.map((item: unknown, i) => expandVariables(item, options, `${path}[${i}]`));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      expandVariables(item, options, path === "" ? key : `${path}.${key}`),
    ]),
  );
}
