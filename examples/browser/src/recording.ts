import { CallsignError, fromUnitFloat, readWav, resample, SAMPLE_RATE_HZ } from "@callsign/infer";

/**
 * Reads an audio file as 16 kHz mono in int16 magnitudes: WAV as Callsign does everywhere, the rest as the browser does.
 * @throws CallsignError `AUDIO_EMPTY`, `AUDIO_UNSUPPORTED`
 */
export async function readRecording(file: Blob, name: string): Promise<Float32Array> {
  const bytes = await file.arrayBuffer().catch((cause: unknown) => {
    throw new CallsignError("AUDIO_UNSUPPORTED", `“${name}” cannot be opened: ${String(cause)}`, { cause });
  });
  if (bytes.byteLength === 0) throw new CallsignError("AUDIO_EMPTY", `“${name}” is empty.`);
  const samples = readOwnWav(bytes) ?? (await decode(bytes, name));
  if (samples.length === 0) throw new CallsignError("AUDIO_EMPTY", `“${name}” has no audio in it.`);
  return samples;
}

/** Undefined where the browser should try. */
function readOwnWav(bytes: ArrayBuffer): Float32Array | undefined {
  const magic = new TextDecoder("latin1").decode(bytes.slice(0, 4));
  if (magic !== "RIFF" && magic !== "RF64") return undefined;
  try {
    const { samples, sampleRateHz } = readWav(new Uint8Array(bytes));
    return resample(samples, { fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
  } catch {
    return undefined;
  }
}

async function decode(bytes: ArrayBuffer, name: string): Promise<Float32Array> {
  const decoded = await new OfflineAudioContext(1, 1, SAMPLE_RATE_HZ)
    .decodeAudioData(bytes)
    .catch((cause: unknown) => {
      throw new CallsignError(
        "AUDIO_UNSUPPORTED",
        `“${name}” cannot be read as audio: it is damaged, or no format that this browser knows. WAV, MP3, M4A, Ogg and FLAC usually work.`,
        { cause },
      );
    });
  const mono = new Float32Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel++)
    for (const [i, sample] of decoded.getChannelData(channel).entries())
      mono[i]! += sample / decoded.numberOfChannels;
  return fromUnitFloat(mono);
}
