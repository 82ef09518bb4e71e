import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import { sha256Hex, writeFileAtomic } from "@callsign/infer/node/internal";
import * as z from "zod";
import { espeakTables } from "../espeak/tables.ts";
import type { VitsFiles } from "./files.ts";

/**
 * Finds the files of a voice as Piper publishes it, `NAME.onnx` with `NAME.onnx.json`. The other inputs of sherpa-onnx are made
 * from the JSON file, as by sherpa-onnx's export script, and kept in the cache.
 * @returns undefined for a folder with `tokens.txt` (sherpa-onnx's layout) or without such a pair
 * @throws CallsignError `MODEL_INVALID`, `DEPENDENCY_MISSING`
 */
export async function findPiperFiles(
  folder: string,
  { cacheDir }: { readonly cacheDir: string },
): Promise<VitsFiles | undefined> {
  const names: string[] = await readdir(folder).catch(() => []);
  const model = names.toSorted().find((name) => name.endsWith(".onnx") && names.includes(`${name}.json`));
  if (model === undefined || names.includes("tokens.txt")) return undefined;
  const settings = await readSettings(join(folder, `${model}.json`));
  const lines = Object.entries(settings.phoneme_id_map).map(([symbol, [id]]) => `${symbol} ${id}\n`);
  const tokens = lines.filter((line) => !line.startsWith("\n")).join("");
  const path = join(cacheDir, "piper-tokens", `${sha256Hex(new TextEncoder().encode(tokens))}.txt`);
  await writeFileAtomic(path, tokens);
  return {
    model: join(folder, model),
    tokens: path,
    dataDir: names.includes("espeak-ng-data") ? join(folder, "espeak-ng-data") : await espeakTables(cacheDir),
    metadata: {
      model_type: "vits",
      comment: "piper",
      language: settings.espeak.voice,
      voice: settings.espeak.voice,
      has_espeak: "1",
      n_speakers: `${settings.num_speakers}`,
      sample_rate: `${settings.audio.sample_rate}`,
    },
  };
}

/** The part of Piper's config that is used. */
const SETTINGS = z.object({
  audio: z.object({ sample_rate: z.int().min(8000).max(48_000) }),
  espeak: z.object({ voice: z.string().min(1) }),
  phoneme_type: z.literal("espeak").optional(),
  num_speakers: z.int().min(1),
  phoneme_id_map: z.record(z.string(), z.array(z.int()).min(1)),
});

async function readSettings(path: string): Promise<z.output<typeof SETTINGS>> {
  try {
    return SETTINGS.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new CallsignError("MODEL_INVALID", `${path}: expected the config of a Piper voice: ${reason}`, {
      cause,
    });
  }
}
