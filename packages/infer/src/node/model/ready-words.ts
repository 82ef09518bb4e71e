import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CallsignError, closestName } from "@callsign/audio/internal";
import { MODULE_URL } from "../files/module-url.ts";

/** Ready words in @callsign/words, by name, with their folders; none if that optional package is not installed. */
export function readyWords(): ReadonlyMap<string, string> {
  const folder = wordsFolder();
  const names = folder === undefined ? [] : readdirSync(folder).toSorted();
  return new Map(names.map((name) => [name, join(folder!, name)]));
}

/**
 * Folder of a ready word. Case does not matter, nor do spaces, `_` and `-`. Undefined for a path, and for a name of something
 * in the working directory.
 * @throws CallsignError `MODEL_NOT_FOUND` for a name that is neither
 */
export function findReadyWord(model: string): string | undefined {
  if (!/^[\p{L}\p{N} _-]+$/u.test(model) || existsSync(model)) return undefined;
  const name = model.trim().toLowerCase().replaceAll(/[ _]+/g, "-");
  const words = readyWords();
  const folder = words.get(name);
  if (folder !== undefined) return folder;
  const names = [...words.keys()];
  const closest = closestName(name, names);
  throw new CallsignError(
    "MODEL_NOT_FOUND",
    names.length === 0
      ? `${model}: no such file or folder, and @callsign/words, which has ready words, is not installed; give a model's folder, or npm install @callsign/words`
      : `${model}: no such file or folder, and no ready word: expected a model's folder, an .onnx file, or one of ${names.join(", ")}` +
          (closest === undefined ? "" : `; did you mean ${closest}?`),
  );
}

/** The folder with the words' folders. */
function wordsFolder(): string | undefined {
  try {
    const manifest = createRequire(MODULE_URL).resolve("@callsign/words/package.json");
    const folder = join(dirname(manifest), "models");
    return existsSync(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}
