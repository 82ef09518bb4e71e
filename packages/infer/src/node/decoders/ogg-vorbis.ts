import { CallsignError } from "../../errors.ts";
import { callDecoder, createDecoder, freeDecoder } from "./call-decoder.ts";
import { MOST_CHANNELS, type OggCodec, type OggPlace } from "./ogg-codec.ts";
import { mixChannels } from "./pcm-stream.ts";

/** Vorbis, by its identification packet (Vorbis I specification, 4.2.2), decoded with libvorbis. */
export function oggVorbis(packet: Uint8Array, { name, byte }: OggPlace): OggCodec {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  if (packet.length < 30)
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: Vorbis header at byte ${byte}: ${packet.length} bytes, expected 30`,
    );
  const channels = packet[11]!;
  const sampleRateHz = view.getUint32(12, true);
  if (sampleRateHz === 0 || channels === 0)
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: Vorbis header at byte ${byte}: ${channels} channels, ${sampleRateHz} Hz`,
    );
  if (channels > MOST_CHANNELS)
    throw new CallsignError(
      "AUDIO_UNSUPPORTED",
      `${name}: ${channels} Vorbis channels; at most ${MOST_CHANNELS} are read`,
    );
  return { sampleRateHz, preSkip: 0, createDecoder: () => createVorbisDecoder(name) };
}

async function createVorbisDecoder(name: string): ReturnType<OggCodec["createDecoder"]> {
  const decoder = await createDecoder(
    () => import("@wasm-audio-decoders/ogg-vorbis"),
    ({ OggVorbisDecoder }) => new OggVorbisDecoder(),
    "@wasm-audio-decoders/ogg-vorbis",
  );
  return {
    ready: decoder.ready,
    free: () => freeDecoder(decoder),
    async decode(page) {
      // The library hands a page out only when something follows it (a zero, which it then skips), and its own trimming
      // at the last page is left aside: that is done for all codecs alike.
      const bytes = new Uint8Array(page.bytes.length + 1);
      bytes.set(page.bytes);
      bytes[5]! &= ~LAST_PAGE;
      return mixChannels(await callDecoder(() => decoder.decode(bytes), { name, byte: page.byte }), { name });
    },
  };
}

const LAST_PAGE = 4;
