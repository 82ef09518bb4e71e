import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";

/** Reads a YAML file. */
export const readYaml = (file: string): unknown => parse(readFileSync(file, "utf8"));

/** Config files of the words, or of all words if none is named. */
export function listConfigs(folder: string, words: readonly string[]): string[] {
  const all = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  const names = words.length === 0 ? all.map((file) => basename(file, ".yaml")) : words;
  return names.map((name) => {
    const file = join(folder, `${name}.yaml`);
    if (existsSync(file)) return file;
    throw new Error(
      `build-words: no word ${JSON.stringify(name)}; expected one of ${all.map((one) => basename(one, ".yaml")).join(", ")}`,
    );
  });
}
