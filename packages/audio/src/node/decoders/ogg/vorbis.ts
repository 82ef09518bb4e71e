import { CallsignError } from "../../../errors.ts";
import { callDecoder, createDecoder, type DecoderResult, freeDecoder } from "../call-decoder.ts";
import { joinChannels } from "../join-channels.ts";
import { MAX_CHANNELS, type OggCodec, type OggDecoder, type OggPlace } from "./codec.ts";

/** Codec of Vorbis, from its identification packet (Vorbis I specification, 4.2.2), decoded by libvorbis. */
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
  if (channels > MAX_CHANNELS)
    throw new CallsignError(
      "AUDIO_UNSUPPORTED",
      `${name}: ${channels} Vorbis channels; at most ${MAX_CHANNELS} are read`,
    );
  return { sampleRateHz, granuleRateHz: sampleRateHz, preSkip: 0, createDecoder: createVorbisDecoder };
}

/** Inner decoder of the library. The outer one parses pages itself and cannot skip damage. */
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
        // The headers are packets of types 1 (identification), 3 (comments) and 5 (setup); audio packets have even types.
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
