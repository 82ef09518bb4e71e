import { CallsignError } from "../errors.ts";
import type { Audio } from "../samples/audio.ts";
import { checkFinite, toInt16 } from "../samples/pcm.ts";

export interface WriteWavOptions {
  /** `int16` (default) rounds and clips; `float32` keeps every bit. */
  readonly format?: "int16" | "float32";
}

/** Writes a mono WAV file. @throws CallsignError `AUDIO_NOT_FINITE`, `AUDIO_TOO_LONG`, `INVALID_ARGUMENT` */
export function writeWav(audio: Audio, { format = "int16" }: WriteWavOptions = {}): Uint8Array {
  checkAudio(audio);
  const { samples } = audio;
  const bytesPerSample = format === "int16" ? 2 : 4;
  const head = makeHead(audio, format);
  const dataLength = samples.length * bytesPerSample;
  const bytes = new Uint8Array(head.length + dataLength);
  bytes.set(head);
  const view = new DataView(bytes.buffer);
  let at = head.length;
  if (format === "int16") for (const sample of toInt16(samples)) view.setInt16((at += 2) - 2, sample, true);
  else for (const sample of samples) view.setFloat32((at += 4) - 4, sample, true);
  return bytes;
}

/** RIFF lengths have 32 bits. */
const MAX_BYTES = 2 ** 32 - 1;

function checkAudio({ samples, sampleRateHz }: Audio): void {
  checkFinite(samples, { name: "WAV writer" });
  if (!Number.isSafeInteger(sampleRateHz) || sampleRateHz < 1 || sampleRateHz * 4 > MAX_BYTES)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `WAV writer: expected a positive integer rate, got ${sampleRateHz}`,
    );
  if (samples.length * 4 + 128 > MAX_BYTES)
    throw new CallsignError(
      "AUDIO_TOO_LONG",
      `WAV writer: ${samples.length} samples exceed a WAV file's 4 GB`,
    );
}

function makeHead({ samples, sampleRateHz }: Audio, format: "int16" | "float32"): Uint8Array {
  const isFloat = format === "float32";
  const bytesPerSample = isFloat ? 4 : 2;
  const dataLength = samples.length * bytesPerSample;
  // Formats other than PCM require an extension, which is empty, and a fact chunk. (Microsoft, RIFF WAVE update 1994)
  const head = new Uint8Array(isFloat ? 58 : 44);
  const view = new DataView(head.buffer);
  const mark = (id: string, at: number): void => {
    for (let i = 0; i < 4; i++) head[at + i] = id.charCodeAt(i);
  };
  mark("RIFF", 0);
  view.setUint32(4, head.length - 8 + dataLength, true);
  mark("WAVE", 8);
  mark("fmt ", 12);
  view.setUint32(16, isFloat ? 18 : 16, true);
  view.setUint16(20, isFloat ? 3 : 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * bytesPerSample, true);
  view.setUint16(32, bytesPerSample, true);
  view.setUint16(34, bytesPerSample * 8, true);
  if (isFloat) {
    mark("fact", 38);
    view.setUint32(42, 4, true);
    view.setUint32(46, samples.length, true);
  }
  mark("data", head.length - 8);
  view.setUint32(head.length - 4, dataLength, true);
  return head;
}
