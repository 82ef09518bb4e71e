import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING } from "@callsign/infer/internal";
import { sha256Hex } from "@callsign/infer/node/internal";
import * as z from "zod";

import { bytesOfFrames, type FeatureOrigin } from "../features/feature-file.ts";
import { NPY_HEAD_BYTES, type NpyHeader, parseNpyHeader } from "../formats/npy.ts";
import type { HubEnvironment } from "./common-voice/common-voice.ts";
import type { BytePlace, CorpusFile, CorpusFiles } from "./files/corpus-files.ts";
import { openLocalFiles } from "./files/local-files.ts";
import { openHubFiles } from "./hub/hub-files.ts";

/**
 * Config of precomputed features: a `.npy` file of Google's speech embeddings, 80 ms apart, as openWakeWord publishes them.
 * They are negatives of people's speech.
 */
export const featuresConfig = z
  .strictObject({
    kind: z.literal("features"),
    path: z
      .string()
      .min(1)
      .exactOptional()
      .describe(
        "A `.npy` file of float16 or float32: `[n, 16, 96]`, or `[n, 96]` of consecutive embeddings.",
      ),
    repository: z
      .string()
      .regex(/^\w[\w.-]*\/\w[\w.-]*$/, "expected a dataset as owner/name")
      .exactOptional()
      .describe("Dataset on the hub with such a file, instead of `path`."),
    revision: z
      .string()
      .regex(/^[\w./-]{1,200}$/, "expected a branch, tag or commit")
      .default("main"),
    file: z
      .string()
      .min(1)
      .max(1000)
      .exactOptional()
      .describe("File in the repository. Default: its only `.npy` file."),
    name: z.string().min(1).max(200).exactOptional(),
    licence: z.string().min(1).max(200),
    hours: z
      .number()
      .positive()
      .max(1e6)
      .exactOptional()
      .describe(
        "Hours to use, drawn in blocks of ten minutes; of a file on the hub, only these are downloaded. Default: all.",
      ),
    seed: z.union([z.string(), z.int()]).default(0),
  })
  .refine(({ repository, path }) => (repository === undefined) !== (path === undefined), {
    message: "expected one of repository (on the hub) and path (on this machine)",
  })
  .refine(({ repository, file }) => repository !== undefined || file === undefined, {
    message: "file: only in a repository; path names the file itself",
  });

export type FeaturesConfig = z.output<typeof featuresConfig>;

/** Consecutive embeddings of a file, from frame `begin` on. */
export interface FrameRange {
  readonly begin: number;
  readonly frames: number;
}

/** A file of features whose header was read. */
export interface OpenedFeatures {
  /** For messages: path, or repository and file. */
  readonly name: string;
  readonly origin: FeatureOrigin;
  readonly dtype: NpyHeader["dtype"];
  /** Embeddings in the file. */
  readonly frames: number;
  /** Consecutive embeddings in a row; undefined where all of the file are consecutive. */
  readonly framesPerRow: number | undefined;
  /** Downloads the whole file, if it is on a hub. */
  fetchWhole(): Promise<void>;
  /** Where the embeddings of a range lie on this machine; they are downloaded first if need be. */
  fetch(range: FrameRange): Promise<BytePlace>;
  /** sha256 of what tells the content: for a local file its size and 64 pieces spread over it, on a hub commit and path. */
  identity(): Promise<string>;
}

/** Duration of a frame, in seconds. */
export const FRAME_SECONDS = 0.08;

/**
 * Opens a file of features by reading its header; its features stay where they are.
 * @throws CallsignError `FILE_NOT_FOUND`, `FEATURES_INVALID`, `CORPUS_EMPTY`, and what a hub can throw
 */
export async function openFeatures(
  config: FeaturesConfig,
  { hub, signal }: { readonly hub?: HubEnvironment | undefined; readonly signal?: AbortSignal | undefined },
): Promise<OpenedFeatures> {
  const { files, file } = await findFile(config, { hub, signal });
  const name = config.path ?? `${files.name}/${file.path}`;
  const reader = await files.openRanges(file);
  const head = new Uint8Array(await reader.slice(0, Math.min(NPY_HEAD_BYTES, file.size)));
  const { dtype, shape, dataBegin } = parseNpyHeader(head, { name, fileLength: file.size });
  const { frames, framesPerRow } = framesOf(shape, name);
  const bytesPerFrame = bytesOfFrames(1, dtype);
  const { path } = config;
  return {
    name,
    origin:
      path === undefined ? { repository: files.name, revision: files.revision, file: file.path } : { path },
    dtype,
    frames,
    framesPerRow,
    fetchWhole: async () => void (await files.fetchWhole(file)),
    fetch: ({ begin, frames: count }) =>
      files.fetchRange(file, {
        start: dataBegin + begin * bytesPerFrame,
        end: dataBegin + (begin + count) * bytesPerFrame,
      }),
    identity: async () => {
      if (path === undefined) return sha256Hex(`${files.name}@${files.revision}/${file.path}`);
      const pieces = await Promise.all(
        pieceStarts(file.size).map((at) => reader.slice(at, Math.min(file.size, at + PIECE_BYTES))),
      );
      return sha256Hex([file.size, ...pieces.map((piece) => sha256Hex(new Uint8Array(piece)))].join("\n"));
    },
  };
}

async function findFile(
  { path, repository, revision, file }: FeaturesConfig,
  { hub, signal }: { readonly hub: HubEnvironment | undefined; readonly signal: AbortSignal | undefined },
): Promise<{ files: CorpusFiles; file: CorpusFile }> {
  if (path !== undefined) {
    const found = await stat(path).catch((cause: unknown) => {
      throw new CallsignError("FILE_NOT_FOUND", `${path}: no such file of features`, { cause });
    });
    if (!found.isFile())
      throw new CallsignError(
        "FILE_NOT_FOUND",
        `${path}: expected a .npy file, got a folder; name the file in it`,
      );
    return { files: openLocalFiles(dirname(path)), file: { path: basename(path), size: found.size } };
  }
  if (hub === undefined || repository === undefined)
    throw new CallsignError("INVALID_ARGUMENT", `features ${repository}: how to reach the hub was not given`);
  const files = await openHubFiles({ ...hub, repository, revision, signal });
  const folder = file === undefined ? "" : dirname(file) === "." ? "" : dirname(file);
  const listed = (await files.list(folder)).filter((one) => one.path.endsWith(".npy"));
  const [first, ...others] = file === undefined ? listed : listed.filter((one) => one.path === file);
  if (first !== undefined && others.length === 0) return { files, file: first };
  const names = listed.map((one) => one.path).join(", ") || "none";
  throw new CallsignError(
    "CORPUS_EMPTY",
    `${repository}@${revision}: expected ${file === undefined ? "one .npy file, or its name in `file`" : `the file ${file}`}; its .npy files: ${names}`,
  );
}

function framesOf(
  shape: readonly number[],
  name: string,
): { readonly frames: number; readonly framesPerRow: number | undefined } {
  const [rows = 0, middle = 0] = shape;
  const isFrames = shape.length === 2 && middle === EMBEDDING.dimension;
  const isRows = shape.length === 3 && shape[2] === EMBEDDING.dimension && middle > 0;
  if (rows === 0 || (!isFrames && !isRows))
    throw new CallsignError(
      "FEATURES_INVALID",
      `${name}: expected features [n, frames, ${EMBEDDING.dimension}] or [n, ${EMBEDDING.dimension}], got [${shape.join(", ")}]`,
    );
  return isFrames
    ? { frames: rows, framesPerRow: undefined }
    : { frames: rows * middle, framesPerRow: middle };
}

const PIECES = 64;
const PIECE_BYTES = 4096;

/** First bytes of pieces spread evenly over a file. */
function pieceStarts(bytes: number): number[] {
  if (bytes <= PIECES * PIECE_BYTES)
    return Array.from({ length: Math.ceil(bytes / PIECE_BYTES) }, (_, i) => i * PIECE_BYTES);
  const step = (bytes - PIECE_BYTES) / (PIECES - 1);
  return Array.from({ length: PIECES }, (_, i) => Math.floor(i * step));
}
