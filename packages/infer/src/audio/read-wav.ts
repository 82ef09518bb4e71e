import type { Audio } from "./audio.ts";
import { type AudioNote, AudioNotes } from "./audio-notes.ts";
import { joinFloats } from "./pcm.ts";
import { decodeWavBlocks } from "./wav-blocks.ts";

/**
 * Reads a WAV file from memory: integers of 8 to 32 bits, floats of 32 and 64, any rate (kept as it is) and any
 * number of channels (mixed to mono by their mean), WAVE_FORMAT_EXTENSIBLE and RF64. `name` appears in messages,
 * `onNote` receives what was lost or assumed.
 * @throws CallsignError `AUDIO_EMPTY`, `AUDIO_INVALID`, `AUDIO_NOT_FINITE`, `AUDIO_TRUNCATED`, `AUDIO_UNSUPPORTED`
 */
export function readWav(
  bytes: Uint8Array,
  { name = "WAV data", onNote }: { readonly name?: string; readonly onNote?: (note: AudioNote) => void } = {},
): Audio {
  const notes = new AudioNotes(name, onNote);
  const decoder = decodeWavBlocks({ name, fileLength: bytes.length, notes });
  const parts: Float32Array[] = [];
  let sampleRateHz = 0;
  let position = 0;
  let answer: Uint8Array = new Uint8Array(0);
  for (;;) {
    const step = decoder.next(answer);
    if (step.done === true) return { samples: joinFloats(parts), sampleRateHz };
    if ("samples" in step.value) {
      parts.push(step.value.samples);
      sampleRateHz ||= step.value.sampleRateHz;
    } else {
      position += step.value.skip;
      answer = bytes.subarray(position, position + step.value.peek);
    }
  }
}
