import { createRandom, createSource, findAudioFiles, type NamedSamples } from "@callsign/data/internal";
import { CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { readMagnitudeChunks } from "@callsign/audio/node/internal";

/**
 * Noise recordings of a folder in seeded order, up to 60 minutes in all and the first five of each. Silent or
 * unreadable files are skipped.
 * @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY`
 */
export async function readNoises(
  folder: string,
  { seed, signal }: { readonly seed: string | number; readonly signal?: AbortSignal },
): Promise<NamedSamples[]> {
  const files = createRandom(seed)
    .fork("noises")
    .shuffle(await findAudioFiles(folder));
  const noises: NamedSamples[] = [];
  let total = 0;
  for (const { path, relativePath } of files) {
    if (total >= MAX_SAMPLES) break;
    const samples = await readOpening(path, signal);
    if (samples === undefined || samples.every((sample) => sample === 0)) continue;
    noises.push({ name: relativePath, samples });
    total += samples.length;
  }
  if (noises.length === 0)
    throw new CallsignError(
      "CORPUS_EMPTY",
      `${folder}: none of ${files.length} recordings is noise that can be read`,
    );
  return noises;
}

/** Impulse responses of a folder, each trimmed to start at its direct sound. @throws CallsignError `FILE_NOT_FOUND`, `CORPUS_EMPTY`, `TOO_MANY_FAULTS` */
export async function readRooms(
  folder: string,
  options: { readonly signal?: AbortSignal },
): Promise<NamedSamples[]> {
  const source = createSource({ kind: "impulse-responses", path: folder, licence: "not stated" });
  const rooms: NamedSamples[] = [];
  for await (const { id, audio } of source.clips(options)) rooms.push({ name: id, samples: audio });
  return rooms;
}

const MAX_SAMPLES = 60 * 60 * SAMPLE_RATE_HZ;
const MAX_OF_ONE = 5 * 60 * SAMPLE_RATE_HZ;

async function readOpening(path: string, signal: AbortSignal | undefined): Promise<Float32Array | undefined> {
  try {
    const options = { chunkLength: MAX_OF_ONE, ...(signal && { signal }) };
    for await (const chunk of readMagnitudeChunks(path, options)) return chunk;
    return undefined;
  } catch (error) {
    if (error instanceof CallsignError && error.code.startsWith("AUDIO_")) return undefined;
    throw error;
  }
}
