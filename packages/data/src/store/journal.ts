import { join } from "node:path";

import { fromInt16, roundMagnitudes, writeWav } from "@callsign/audio/internal";
import { sha256Hex, writeFileAtomic } from "@callsign/infer/node/internal";

import type { ManifestClip } from "./manifest.ts";
import { readJson, writeJson } from "./build-folder.ts";
import { checkFile } from "./check-file.ts";

/** Fields of a clip that tell its file. */
export type WrittenClip = Pick<ManifestClip, "path" | "sha256" | "durationSeconds" | "sampleRateHz">;

/** A batch of written clips, with the state that the next batch needs. */
export interface Batch<Clip extends WrittenClip = ManifestClip> {
  readonly clips: readonly Clip[];
}

/**
 * Which batches of a set of clips are done. A batch is recorded after its last clip is on the disk, so a killed build
 * loses at most the current batch. A record counts only while its key (everything the batch was made from) is the one
 * asked for and every clip is as it was written.
 */
export class BatchJournal<Record extends Batch<WrittenClip>> {
  readonly #out: string;
  readonly #set: string;
  readonly #key: string;
  readonly #used: Set<string>;
  readonly #isVerified: boolean;

  /** `used` receives the path of every file that belongs to the set; `isVerified`: whether clips are read to check them. */
  constructor(options: {
    out: string;
    set: string;
    key: string;
    used: Set<string>;
    isVerified?: boolean | undefined;
  }) {
    this.#out = options.out;
    this.#set = options.set;
    this.#key = options.key;
    this.#used = options.used;
    this.#isVerified = options.isVerified ?? false;
  }

  /** Batch that an earlier run recorded, if it is still valid. */
  async read(index: number): Promise<Record | undefined> {
    const record = join(this.#out, this.#path(index));
    const found = (await readJson(record)) as Entry<Record> | undefined;
    if (found?.key !== this.#key || !Array.isArray(found.batch?.clips)) return undefined;
    const states = await Promise.all(
      found.batch.clips.map((clip) =>
        checkFile(join(this.#out, clip.path), {
          bytes: bytesOfClip(clip),
          sha256: clip.sha256,
          record,
          isVerified: this.#isVerified,
        }),
      ),
    );
    if (states.some((state) => state !== "unchanged")) return undefined;
    this.#markUsed(index, found.batch);
    return found.batch;
  }

  async write(index: number, batch: Record): Promise<void> {
    await writeJson(join(this.#out, this.#path(index)), { key: this.#key, batch } satisfies Entry<Record>);
    this.#markUsed(index, batch);
  }

  #markUsed(index: number, batch: Record): void {
    this.#used.add(this.#path(index));
    for (const { path } of batch.clips) this.#used.add(path);
  }

  #path(index: number): string {
    return `state/${this.#set}/${String(index).padStart(5, "0")}.json`;
  }
}

/** Size of a clip's file: a header of 44 bytes and 16-bit samples. */
const bytesOfClip = ({ durationSeconds, sampleRateHz }: WrittenClip): number =>
  44 + 2 * Math.round(durationSeconds * sampleRateHz);

interface Entry<Record> {
  readonly key: string;
  readonly batch: Record;
}

/** Writes a clip (int16 magnitudes) as 16-bit wav, 16 kHz. @returns the file's fields of the manifest */
export async function writeClip(
  out: string,
  { path, samples }: { readonly path: string; readonly samples: Float32Array },
): Promise<WrittenClip> {
  const sampleRateHz = 16_000;
  const bytes = writeWav({ samples: fromInt16(roundMagnitudes(samples)), sampleRateHz });
  await writeFileAtomic(join(out, path), bytes);
  return { path, sha256: sha256Hex(bytes), durationSeconds: samples.length / sampleRateHz, sampleRateHz };
}
