import { joinFloats } from "../../audio/pcm.ts";
import { CallsignError } from "../../errors.ts";
import { freeDecoder } from "./call-decoder.ts";
import { decodeFlacFrames, takeFlacDecoder } from "./flac-decoder.ts";
import { parseFlacFrameHeader } from "./flac-frame.ts";
import { parseStreamInfo } from "./flac-metadata.ts";
import type { OggCodec, OggPlace } from "./ogg-codec.ts";

/** FLAC in Ogg, by its first packet, which holds STREAMINFO from byte 17 on (RFC 9639, 10.1). */
export function oggFlac(packet: Uint8Array, { name, byte }: OggPlace): OggCodec {
  const { sampleRateHz, totalSamples, bits } = parseStreamInfo(packet.subarray(17, 17 + 34), { name, byte });
  return {
    sampleRateHz,
    ...(totalSamples > 0 && { expectedSamples: totalSamples }),
    preSkip: 0,
    createDecoder: () => createOggFlacDecoder({ name, bits }),
  };
}

async function createOggFlacDecoder({
  name,
  bits,
}: {
  readonly name: string;
  readonly bits: number;
}): ReturnType<OggCodec["createDecoder"]> {
  const decoder = await takeFlacDecoder();
  return {
    ready: decoder.ready,
    free: () => freeDecoder(decoder),
    async decode({ byte }, packets) {
      const parts: Float32Array[] = [];
      // One at a time: a page can hold 255 frames of 65,535 samples. Metadata never begins with 0xFF.
      for (const packet of packets.filter((candidate) => candidate[0] === 0xff)) {
        if (parseFlacFrameHeader(packet, 0) === undefined)
          throw new CallsignError(
            "AUDIO_INVALID",
            `${name}: a FLAC frame on the Ogg page at byte ${byte} is damaged`,
          );
        parts.push(await decodeFlacFrames(decoder, [packet], { name, byte, bits }));
      }
      return joinFloats(parts);
    },
  };
}
