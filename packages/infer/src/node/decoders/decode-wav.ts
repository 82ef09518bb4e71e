import type { AudioBlock } from "../../audio/audio.ts";
import { decodeWavBlocks } from "../../audio/wav-blocks.ts";
import type { DecodeAudio } from "./decode-audio.ts";

/** Decodes WAV of every kind that `readWav` reads. */
export const decodeWav: DecodeAudio = async function* (
  reader,
  notes,
): AsyncGenerator<AudioBlock, void, undefined> {
  const decoder = decodeWavBlocks({ name: reader.name, fileLength: reader.length, notes });
  let answer: Uint8Array = new Uint8Array(0);
  for (;;) {
    const step = decoder.next(answer);
    if (step.done === true) return;
    if ("samples" in step.value) yield step.value;
    else {
      await reader.skip(step.value.skip);
      answer = (await reader.fill(step.value.peek)).subarray(0, step.value.peek);
    }
  }
};
