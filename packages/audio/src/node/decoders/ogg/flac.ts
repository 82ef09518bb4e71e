import { FlacDecoder } from "../flac/decoder.ts";
import { parseFlacFrameHeader } from "../flac/frame.ts";
import { type FlacStreamInfo, parseStreamInfo } from "../flac/metadata.ts";
import { joinChannels } from "../join-channels.ts";
import type { OggCodec, OggDecoder, OggPlace } from "./codec.ts";

/** Codec of FLAC in Ogg, from its first packet with STREAMINFO at byte 17 (RFC 9639, 10.1). */
export function oggFlac(packet: Uint8Array, { name, byte }: OggPlace): OggCodec {
  const info = parseStreamInfo(packet.subarray(17, 17 + 34), { name, byte });
  const { sampleRateHz, totalSamples } = info;
  return {
    sampleRateHz,
    ...(totalSamples > 0 && { expectedSamples: totalSamples }),
    granuleRateHz: sampleRateHz,
    preSkip: 0,
    createDecoder: () => Promise.resolve(createOggFlacDecoder(info)),
  };
}

function createOggFlacDecoder(info: FlacStreamInfo): OggDecoder {
  const decoder = new FlacDecoder();
  return {
    free: () => decoder.free(),
    async decode(packets) {
      const parts: (readonly Float32Array[])[] = [];
      let failed = 0;
      // One at a time, since a page can hold 255 frames of 65,535 samples. Metadata does not begin with 0xFF.
      for (const bytes of packets.filter((candidate) => candidate[0] === 0xff)) {
        const header = parseFlacFrameHeader(bytes, 0);
        const frame = header && [{ bytes, header }];
        const channels =
          frame && ((await decoder.decode(frame, info)) ?? (await decoder.decode(frame, info)));
        if (channels === undefined) failed++;
        else parts.push(channels);
      }
      return { channels: joinChannels(parts), failed };
    },
  };
}
