import { findAudioFiles } from "@callsign/data/internal";
import { sha256File, sha256Hex } from "@callsign/infer/node/internal";
import { readNoises, readRooms } from "./read-noises.ts";
import type { Conditions } from "./stage-recording.ts";

/** Conditions of an evaluation whose noise and rooms are read when the first recording is staged. */
export interface OpenConditions {
  readonly seed: string | number;
  readonly snrDb: readonly number[];
  /** Number of files to draw from; 0 without. */
  readonly noises: number;
  readonly rooms: number;
  /** Hash of everything that changes a staged recording, without decoding the audio. */
  readonly digest: () => Promise<string>;
  readonly read: () => Promise<Conditions>;
}

export interface OpenConditionsOptions {
  readonly seed: string | number;
  /** Folder of noise recordings. */
  readonly noise?: string;
  /** Signal-to-noise ratios to draw from. Default 10; ignored without noise. */
  readonly snrDb?: readonly number[];
  /** Folder of room impulse responses. */
  readonly rooms?: string;
  readonly signal?: AbortSignal;
}

/** Finds the files of conditions. @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY`; `read` also `TOO_MANY_FAULTS` */
export async function openConditions(options: OpenConditionsOptions): Promise<OpenConditions> {
  const { seed, noise, rooms, signal } = options;
  const stop = signal === undefined ? {} : { signal };
  const snrDb = noise === undefined ? [] : (options.snrDb ?? [10]);
  const files = {
    noises: noise === undefined ? [] : await findAudioFiles(noise),
    rooms: rooms === undefined ? [] : await findAudioFiles(rooms),
  };
  let reading: Promise<Conditions> | undefined;
  const read = async (): Promise<Conditions> => ({
    seed,
    ...(noise !== undefined && { noises: await readNoises(noise, { seed, ...stop }), snrDb }),
    ...(rooms !== undefined && { rooms: await readRooms(rooms, stop) }),
  });
  const digest = async (): Promise<string> => {
    const contents = async (list: typeof files.noises): Promise<string[][]> =>
      Promise.all(list.map(async ({ path, relativePath }) => [relativePath, await sha256File(path)]));
    return sha256Hex(
      JSON.stringify([String(seed), snrDb, await contents(files.noises), await contents(files.rooms)]),
    );
  };
  let hashing: Promise<string> | undefined;
  return {
    seed,
    snrDb,
    noises: files.noises.length,
    rooms: files.rooms.length,
    digest: () => (hashing ??= digest()),
    read: () => (reading ??= read()),
  };
}
