import { CallsignError } from "../../errors.ts";
import { callDecoder, createDecoder, type DecoderResult, freeDecoder } from "./call-decoder.ts";
import { joinChannels } from "./join-channels.ts";
import { MOST_CHANNELS, type OggCodec, type OggDecoder, type OggPlace } from "./ogg-codec.ts";

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
  return { sampleRateHz, preSkip: 0, createDecoder: createVorbisDecoder };
}

/** The library's inner decoder: its outer one parses pages by itself, but cannot leave out what is damaged. */
interface PacketDecoder {
  sendSetupHeader(packet: Uint8Array): void;
  initDsp(): void;
  decodePackets(packets: readonly Uint8Array[]): DecoderResult;
}

async function createVorbisDecoder(): Promise<OggDecoder> {
  const library = await createDecoder(
    () => import("@wasm-audio-decoders/ogg-vorbis"),
    ({ OggVorbisDecoder }) => new OggVorbisDecoder(),
    "@wasm-audio-decoders/ogg-vorbis",
  );
  const { _decoder: decoder } = library as unknown as { readonly _decoder: PacketDecoder };
  const headers: Uint8Array[] = [];
  let isReady = false;
  return {
    free: () => freeDecoder(library),
    async decode(packets) {
      const parts: (readonly Float32Array[])[] = [];
      let failed = 0;
      for (const packet of packets) {
        // Identification, comments (left out) and setup come first, as packets of type 1, 3 and 5; those of audio are even.
        const type = packet[0] ?? 0;
        if (type % 2 === 1) {
          if (headers.length < 3) headers.push(packet);
          continue;
        }
        const [identification] = headers;
        const setup = headers.find((header) => header[0] === 5);
        const { channels, error } = await callDecoder(() => {
          if (identification === undefined || setup === undefined)
            throw new Error("the setup header is missing");
          if (!isReady) {
            decoder.sendSetupHeader(identification);
            decoder.sendSetupHeader(setup);
            decoder.initDsp();
            isReady = true;
          }
          return decoder.decodePackets([packet]);
        });
        if (error !== undefined) failed++;
        else parts.push(channels);
      }
      return { channels: joinChannels(parts), failed };
    },
  };
}
