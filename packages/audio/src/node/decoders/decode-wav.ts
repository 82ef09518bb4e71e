import type { AudioBlock } from "../../samples/audio.ts";
import type { AudioNotes } from "../../samples/audio-notes.ts";
import { decodeWavBlocks } from "../../wav/wav-blocks.ts";
import type { ByteReader } from "./byte-reader.ts";

/** Decoder of WAV, as `readWav`. */
export async function* decodeWav(
  reader: ByteReader,
  notes: AudioNotes,
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
}
