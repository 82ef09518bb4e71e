import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { CallsignError } from "@callsign/audio/internal";

/** The files of a VITS model as sherpa-onnx lays them out. */
export interface VitsFiles {
  readonly model: string;
  readonly tokens: string;
  /** Words and their tokens (vits-vctk, vits-ljs), or */
  readonly lexicon?: string;
  /** espeak-ng's tables, which pronounce any word (Piper voices). */
  readonly dataDir?: string;
  /** Metadata that the graph lacks. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Finds a model's files in its folder. sherpa-onnx ends the process over a missing one, with the reason on stderr only,
 * so they are looked for first.
 * @throws CallsignError `MODEL_NOT_FOUND` naming what is missing
 */
export async function findVitsFiles(folder: string): Promise<VitsFiles> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new CallsignError(
      "MODEL_NOT_FOUND",
      `${folder}: expected a folder with a VITS model; ${String(cause)}`,
      { cause },
    );
  });
  const graphs = names.filter((name) => name.endsWith(".onnx")).toSorted();
  // The quantized copy that lies beside some models speaks worse and is not what the card describes.
  const model = graphs.find((name) => !/\.(int8|fp16)\.onnx$/.test(name)) ?? graphs[0];
  const hasTables = names.includes(ESPEAK_TABLES);
  const missing = [
    ...(model === undefined ? ["a .onnx file"] : []),
    ...(names.includes("tokens.txt") ? [] : ["tokens.txt"]),
    ...(hasTables ? await missingTables(join(folder, ESPEAK_TABLES)) : []),
    ...(hasTables || names.includes("lexicon.txt") ? [] : [`lexicon.txt or ${ESPEAK_TABLES}/`]),
  ];
  if (missing.length > 0 || model === undefined) {
    throw new CallsignError(
      "MODEL_NOT_FOUND",
      `${folder}: expected a VITS model for sherpa-onnx, missing ${missing.join(", ")}; download the complete model, for ` +
        "example huggingface.co/csukuangfj/vits-vctk or csukuangfj/vits-piper-en_US-libritts_r-medium, or a Piper voice, " +
        "NAME.onnx with NAME.onnx.json",
    );
  }
  const tokens = join(folder, "tokens.txt");
  return hasTables
    ? { model: join(folder, model), tokens, dataDir: join(folder, ESPEAK_TABLES) }
    : { model: join(folder, model), tokens, lexicon: join(folder, "lexicon.txt") };
}

const ESPEAK_TABLES = "espeak-ng-data";

/** Those whose absence sherpa-onnx exits over (offline-tts-vits-model-config.cc). */
async function missingTables(folder: string): Promise<string[]> {
  const paths = ["phontab", "phonindex", "phondata", "intonations"].map((name) => join(folder, name));
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return paths.filter((_, i) => !found[i]?.isFile());
}
