import { createHash, type Hash } from "node:crypto";

import { CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "@callsign/infer/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";
import * as z from "zod";

import { readLines } from "../formats/read-lines.ts";
import { SPLITS } from "../split.ts";

const name = z.string().min(1).max(1000);

const schema = z.strictObject({
  /** Relative to the manifest's folder, forward slashes, no `..`. */
  path: name.refine(staysInside, "expected a relative path with forward slashes that stays in the folder"),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256 as 64 lower-case hexadecimal digits"),
  /** Label of a phrase, or the kind of negative. */
  label: name,
  /** The words spoken, as far as known; empty for noise. */
  text: z.string().max(10_000),
  /** The person or synthetic voice heard, named alike in every source; splits are disjoint by it. */
  speaker: name,
  /** Which source or synthesis engine it came from. */
  source: name,
  /** SPDX identifier where there is one. */
  licence: name,
  split: z.enum(SPLITS),
  durationSeconds: z.number().positive(),
  sampleRateHz: z.int().min(1).max(1_000_000),
  provenance: z.record(z.string().max(200), z.union([z.string().max(10_000), z.number(), z.boolean()])),
});

/** How a clip was made (every engine parameter) or where it was found (file, shard and row). */
export type Provenance = Readonly<Record<string, string | number | boolean>>;

/** One line of a clip manifest. */
export type ManifestClip = Readonly<z.output<typeof schema>>;

/**
 * Reads a manifest clip by clip, in constant memory.
 * @throws CallsignError MANIFEST_INVALID with `file:line`, FILE_NOT_FOUND, ABORTED
 */
export async function* readManifest(
  path: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ManifestClip> {
  for await (const { text, place } of readLines(path, { code: "MANIFEST_INVALID", signal }))
    yield parseClip(text, place);
}

/**
 * Writes a manifest whole or not at all. Clips stand in the order of their paths (UTF-16 code units) and keys in
 * the order of the format, so the same clips give the same bytes whatever order they came in.
 * @returns sha256 of the file, and how many clips it holds
 * @throws CallsignError MANIFEST_INVALID (a bad clip, a path twice), FILE_WRITE_FAILED, ABORTED
 */
export async function writeManifest(
  path: string,
  clips: Iterable<ManifestClip> | AsyncIterable<ManifestClip>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<{ sha256: string; clips: number }> {
  const sorted: ManifestClip[] = [];
  for await (const clip of clips) sorted.push(clip);
  sorted.sort((a, b) => byCodeUnits(a.path, b.path));
  const twice = sorted.find((clip, i) => sorted[i - 1]?.path === clip.path)?.path;
  if (twice !== undefined)
    throw new CallsignError("MANIFEST_INVALID", `${path}: two clips have the path ${JSON.stringify(twice)}`);
  const hash = createHash("sha256");
  await writeFileAtomic(path, formatBlocks(sorted, { name: path, hash }), { ...(signal && { signal }) });
  return { sha256: hash.digest("hex"), clips: sorted.length };
}

/** Lines joined at a time: a million clips are half a gigabyte, more than a string may have. */
const BLOCK_CLIPS = 1000;

async function* formatBlocks(
  clips: readonly ManifestClip[],
  { name: file, hash }: { readonly name: string; readonly hash: Hash },
): AsyncGenerator<string> {
  for (let from = 0; from < clips.length; from += BLOCK_CLIPS) {
    const lines = clips
      .slice(from, from + BLOCK_CLIPS)
      .map((clip) => formatManifestClip(clip, { name: file }))
      .join("");
    hash.update(lines);
    yield lines;
  }
}

/** One manifest line, newline included, checked first; provenance keys are sorted. @throws CallsignError MANIFEST_INVALID */
export function formatManifestClip(clip: ManifestClip, { name: file }: { readonly name: string }): string {
  const place = `${file}: clip ${JSON.stringify(clip.path)}`;
  const parsed = parseStrict(schema, clip, { name: place, code: "MANIFEST_INVALID" });
  const provenance = Object.entries(parsed.provenance).toSorted(([a], [b]) => byCodeUnits(a, b));
  // Key by key: the order of the format, whatever order the caller's object had.
  const order = Object.keys(schema.shape);
  const ordered = Object.entries(parsed).toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return `${JSON.stringify({ ...Object.fromEntries(ordered), provenance: Object.fromEntries(provenance) })}\n`;
}

function parseClip(line: string, place: string): ManifestClip {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    const got = line.length > 60 ? `${line.slice(0, 60)}…` : line;
    throw new CallsignError(
      "MANIFEST_INVALID",
      `${place}: expected one clip as a JSON object, got ${JSON.stringify(got)}`,
      { cause },
    );
  }
  return parseStrict(schema, value, { name: place, code: "MANIFEST_INVALID" });
}

function staysInside(path: string): boolean {
  if (/[\\\0]|^[a-zA-Z]:/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** Not localeCompare: the order must not depend on the machine's language. */
const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
