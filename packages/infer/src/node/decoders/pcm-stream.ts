import { INT16_SCALE } from "../../audio/audio.ts";
import { firstNotFinite } from "../../audio/pcm.ts";
import { CallsignError } from "../../errors.ts";

/** Audio being decoded: mono at int16 magnitudes, in blocks of bounded length. */
export interface PcmStream {
  readonly sampleRateHz: number;
  /** Samples that the header promises, where it does; the blocks may hold fewer or more. */
  readonly expectedSamples?: number;
  /** To be read once; ending it early frees the decoder. */
  readonly blocks: AsyncGenerator<Float32Array, void, undefined>;
}

/** Mixes unit-scale channels to mono at int16 magnitudes. @throws CallsignError `AUDIO_NOT_FINITE` */
export function mixChannels(
  channels: readonly Float32Array[],
  { name, gain = 1 }: { readonly name: string; readonly gain?: number },
): Float32Array {
  const mono = new Float32Array(channels[0]?.length ?? 0);
  const scale = (INT16_SCALE * gain) / channels.length;
  const [first, second] = channels;
  if (channels.length === 1) for (let i = 0; i < mono.length; i++) mono[i] = first![i]! * scale;
  else if (channels.length === 2)
    for (let i = 0; i < mono.length; i++) mono[i] = (first![i]! + second![i]!) * scale;
  else
    for (let i = 0; i < mono.length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i]!;
      mono[i] = sum * scale;
    }
  if (firstNotFinite(mono) >= 0)
    throw new CallsignError(
      "AUDIO_NOT_FINITE",
      `${name}: the decoded audio holds samples that are not finite`,
    );
  return mono;
}
