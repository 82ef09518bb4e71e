import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GOOGLE_SPEECH_EMBEDDING } from "../../model/bare-head-card.ts";
import { CallsignError } from "@callsign/audio/internal";
import { cacheDirectory } from "./cache-directory.ts";
import { downloadFile } from "./download.ts";
import type { DownloadOptions } from "./download-options.ts";
import { MODULE_URL } from "../files/module-url.ts";
import { createFetch } from "./proxy-fetch.ts";
import { sha256File } from "../files/sha256.ts";

/** A model file that detectors share, known by its content. */
export interface Asset {
  readonly id: string;
  /** The first is the name in the cache; the others are what people have it as. */
  readonly fileNames: readonly [string, ...string[]];
  readonly sha256: string;
  readonly bytes: number;
  readonly licence: string;
  /** Place on the hub that it is downloaded from. An asset without `hub` and `url` is not downloaded. */
  readonly hub?: { readonly repository: string; readonly revision: string; readonly path: string };
  /** Address of a file that is not on the hub; the hub's endpoint and token are not used for it. */
  readonly url?: string;
  /** Where it lies in this package; without it, it is not carried. */
  readonly packaged?: URL;
  /** Another place to get it by hand. */
  readonly alsoAt?: string;
}

// The hub's commit is not known to us, so the revision is a branch: what pins the file is its sha256.
const HEY_BUDDY = { repository: "benjamin-paine/hey-buddy", revision: "main" } as const;
const OPEN_WAKE_WORD = "https://github.com/dscripka/openWakeWord/releases/download/v0.5.1";

/** Google's speech embedding (TF-Hub google/speech_embedding), as openWakeWord converted it to ONNX. */
export const SPEECH_EMBEDDING = {
  ...GOOGLE_SPEECH_EMBEDDING,
  fileNames: ["speech-embedding.onnx", "embedding_model.onnx"],
  bytes: 1_326_578,
  licence: "Apache-2.0",
  hub: { ...HEY_BUDDY, path: "pretrained/speech-embedding.onnx" },
  alsoAt: `${OPEN_WAKE_WORD}/embedding_model.onnx`,
} as const satisfies Asset;

/** openWakeWord's log-mel graph: a reference to compare with, not needed to detect. */
export const MEL_SPECTROGRAM = {
  id: "open-wake-word-mel-spectrogram",
  fileNames: ["mel-spectrogram.onnx", "melspectrogram.onnx"],
  sha256: "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
  bytes: 1_087_958,
  licence: "Apache-2.0",
  hub: { ...HEY_BUDDY, path: "pretrained/mel-spectrogram.onnx" },
  alsoAt: `${OPEN_WAKE_WORD}/melspectrogram.onnx`,
} as const satisfies Asset;

/** Callsign's own speech embedding, distilled from Google's: carried with this package, with its card beside it. */
export const CALLSIGN_EMBEDDING = {
  id: "callsign-embedding",
  fileNames: ["callsign-embedding.onnx"],
  sha256: "53b0d2e467acf2c3a8dc2977688edea34cf0b38d74b96b284c4d486471486904",
  bytes: 1_464_912,
  licence: "Apache-2.0",
  packaged: new URL("../../../assets/callsign-embedding.onnx", MODULE_URL),
} as const satisfies Asset;

/** Every asset there is. */
export const ASSETS: readonly Asset[] = [SPEECH_EMBEDDING, CALLSIGN_EMBEDDING, MEL_SPECTROGRAM];

export interface AssetOptions extends Pick<
  DownloadOptions,
  "fetch" | "onProgress" | "signal" | "attempts" | "stallMs" | "sleep"
> {
  /** The file itself; nothing else is looked at. */
  readonly path?: string;
  /**
   * CALLSIGN_ASSETS, XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY.
   * Default `process.env`.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default `cacheDirectory({ env })`. */
  readonly cacheDir?: string;
}

/** Where an asset was found. */
export interface LocatedAsset {
  readonly path: string;
  readonly origin: "path" | "CALLSIGN_ASSETS" | "package" | "cache";
}

/**
 * Path of an asset's file: the explicit one, else in the folder named by CALLSIGN_ASSETS, else in this package where it
 * is carried, else in the user's cache, else downloaded into it. Its content is verified wherever it was found.
 * @throws CallsignError `FILE_NOT_FOUND`, `CHECKSUM_MISMATCH`, `DOWNLOAD_FAILED`, `FILE_WRITE_FAILED`, `ABORTED`; each
 * says how to get the file by hand
 */
export async function resolveAsset(asset: Asset, options: AssetOptions = {}): Promise<string> {
  const located = await locateAsset(asset, options);
  if (located !== undefined) return located.path;
  const { env = process.env } = options;
  const target = cachePath(asset, options);
  const url = assetUrl(asset, { env });
  if (url === undefined)
    throw new CallsignError("FILE_NOT_FOUND", `${asset.id}: not found.${byHand(asset, options)}`);
  if (isOn(env.HF_HUB_OFFLINE))
    throw new CallsignError(
      "DOWNLOAD_FAILED",
      `${asset.id}: not found, and HF_HUB_OFFLINE forbids the download.${byHand(asset, options)}`,
    );
  const headers = env.HF_TOKEN && asset.hub !== undefined ? { authorization: `Bearer ${env.HF_TOKEN}` } : {};
  try {
    const get = options.fetch ?? createFetch(env);
    await downloadFile(url, {
      ...options,
      fetch: get,
      target,
      headers,
      sha256: asset.sha256,
      bytes: asset.bytes,
    });
  } catch (error) {
    if (!(error instanceof CallsignError) || error.code === "ABORTED") throw error;
    throw new CallsignError(error.code, `${error.message}.${byHand(asset, options)}`, { cause: error });
  }
  return target;
}

/**
 * Where an asset is already, looked for in the same order, or undefined.
 * @throws CallsignError `FILE_NOT_FOUND` for an explicit path or a CALLSIGN_ASSETS folder that is not there, and for a
 * carried file that a bundle left behind; `CHECKSUM_MISMATCH` for a file with other content
 */
export async function locateAsset(
  asset: Asset,
  options: AssetOptions = {},
): Promise<LocatedAsset | undefined> {
  const { path, env = process.env } = options;
  if (path !== undefined) {
    if (!(await isFile(path)))
      throw new CallsignError(
        "FILE_NOT_FOUND",
        `${path}: no such file (${asset.id}).${byHand(asset, options)}`,
      );
    await verifyAsset(asset, path, options);
    return { path, origin: "path" };
  }
  const folder = env.CALLSIGN_ASSETS;
  if (folder) {
    if (!(await isFolder(folder)))
      throw new CallsignError("FILE_NOT_FOUND", `CALLSIGN_ASSETS names ${folder}, which is not a folder`);
    for (const name of asset.fileNames) {
      const candidate = join(folder, name);
      if (!(await isFile(candidate))) continue;
      await verifyAsset(asset, candidate, options);
      return { path: candidate, origin: "CALLSIGN_ASSETS" };
    }
  }
  if (asset.packaged !== undefined) {
    const packaged = await findPackaged(asset.packaged);
    await verifyAsset(asset, packaged, options);
    return { path: packaged, origin: "package" };
  }
  const cached = cachePath(asset, options);
  if (!(await isFile(cached))) return undefined;
  await verifyAsset(asset, cached, options);
  return { path: cached, origin: "cache" };
}

/** Address that an asset is downloaded from (on the hub: at HF_ENDPOINT if that is set); undefined if it is not downloaded. */
export function assetUrl(
  { hub, url }: Asset,
  { env = process.env }: { readonly env?: Readonly<Record<string, string | undefined>> } = {},
): string | undefined {
  if (hub === undefined) return url;
  const endpoint = env.HF_ENDPOINT || "https://huggingface.co";
  if (!URL.canParse(endpoint))
    throw new CallsignError(
      "CONFIG_INVALID",
      `HF_ENDPOINT: expected a URL such as https://huggingface.co, got ${endpoint}`,
    );
  const path = hub.path.split("/").map(encodeURIComponent).join("/");
  return `${endpoint.replace(/\/+$/, "")}/${hub.repository}/resolve/${encodeURIComponent(hub.revision)}/${path}`;
}

const cachePath = (asset: Asset, { env = process.env, cacheDir }: AssetOptions): string =>
  join(cacheDir ?? cacheDirectory({ env }), asset.fileNames[0]);

/** The file in this package, or beside the bundle that this package is part of. */
async function findPackaged(packaged: URL): Promise<string> {
  const path = fileURLToPath(packaged);
  if (await isFile(path)) return path;
  const name = basename(path);
  const beside = fileURLToPath(new URL(name, MODULE_URL));
  if (await isFile(beside)) return beside;
  throw new CallsignError(
    "FILE_NOT_FOUND",
    `${name}: carried with @callsign/infer, but found neither as ${path} nor as ${beside}, as if in a bundle. Copy ` +
      `node_modules/@callsign/infer/assets/${name} beside the bundle, put it into a folder and set CALLSIGN_ASSETS ` +
      `to that folder, or pass the file to loadDetector as embeddingPath or embedding (docs/installing.md)`,
  );
}

async function verifyAsset(asset: Asset, path: string, options: AssetOptions): Promise<void> {
  const { size } = await stat(path);
  // A file of another length is another file; its sha256 need not be waited for.
  const got = size === asset.bytes ? await sha256File(path) : `${size} bytes`;
  if (got === asset.sha256) return;
  throw new CallsignError(
    "CHECKSUM_MISMATCH",
    `${path}: this is not ${asset.id}: expected ${asset.bytes} bytes with sha256 ${asset.sha256}, got ${got}. ` +
      `Delete or replace it.${byHand(asset, options)}`,
  );
}

/** How to get the file without this program. */
function byHand(asset: Asset, options: AssetOptions): string {
  const url = assetUrl(asset, options.env ? { env: options.env } : {});
  const sources = [url, asset.alsoAt].filter((source) => source !== undefined);
  const get = sources.length > 0 ? `download ${sources.join(" or ")} and ` : "";
  return (
    `\nBy hand: ${get}save it as ${cachePath(asset, options)}, ` +
    `or put it into a folder as ${asset.fileNames.join(" or ")} and set CALLSIGN_ASSETS to that folder.`
  );
}

const isOn = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? "");
const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false;
const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
