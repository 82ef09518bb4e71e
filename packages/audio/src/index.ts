// Errors of every package.
export { CallsignError, type CallsignErrorCode } from "./errors.ts";

// Samples.
export { type Audio, SAMPLE_RATE_HZ } from "./samples/audio.ts";
export { fromInt16, type Pcm, toInt16 } from "./samples/pcm.ts";
export { PcmDecoder, type PcmEncoding } from "./samples/pcm-decoder.ts";
export { resample, type ResampleOptions, Resampler } from "./resample/resampler.ts";

// WAV files in memory.
export type { AudioNote } from "./samples/audio-notes.ts";
export { readWav } from "./wav/read-wav.ts";
export { writeWav, type WriteWavOptions } from "./wav/write-wav.ts";
