import { CallsignError } from "../../../errors.ts";
import { callDecoder, createDecoder, freeDecoder } from "../call-decoder.ts";
import { joinChannels } from "../join-channels.ts";
import { MAX_CHANNELS, type OggCodec, type OggDecoder, type OggPlace } from "./codec.ts";

/** Rates that libopus decodes to; a lower one costs less than 48 kHz and a resampler. */
const RATES_HZ = [8000, 12_000, 16_000, 24_000, 48_000] as const;
type OpusRateHz = (typeof RATES_HZ)[number];

/**
 * Codec of Opus, from its OpusHead packet (RFC 7845, 5.1), decoded by libopus at its lowest rate that is at least the wanted
 * one, 48 kHz at most.
 */
export function oggOpus(packet: Uint8Array, { name, byte, wantedRateHz }: OggPlace): OggCodec {
  const refuse = (what: string): never => {
    throw new CallsignError("AUDIO_INVALID", `${name}: OpusHead at byte ${byte}: ${what}`);
  };
  if (packet.length < 19) return refuse(`${packet.length} bytes, expected 19 or more`);
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const version = packet[8]!;
  const channels = packet[9]!;
  if (version >= 16)
    throw new CallsignError(
      "AUDIO_UNSUPPORTED",
      `${name}: OpusHead at byte ${byte}: version ${version}, known are 0 to 15`,
    );
  if (channels === 0) return refuse("0 channels");
  const layout = parseLayout(packet, channels, refuse);
  const sampleRateHz = RATES_HZ.find((rateHz) => rateHz >= wantedRateHz) ?? 48_000;
  // Stored as Q7.8 decibels; players must apply it.
  const gain = 10 ** (view.getInt16(16, true) / 256 / 20);
  return {
    sampleRateHz,
    granuleRateHz: 48_000,
    preSkip: view.getUint16(10, true),
    createDecoder: () => createOpusDecoder({ channels, ...layout, sampleRate: sampleRateHz }, gain),
  };
}

interface OpusLayout {
  readonly streamCount: number;
  readonly coupledStreamCount: number;
  readonly channelMappingTable: number[];
}

function parseLayout(packet: Uint8Array, channels: number, refuse: (what: string) => never): OpusLayout {
  const family = packet[18]!;
  if (family === 0) {
    if (channels > 2) return refuse(`${channels} channels in mapping family 0, which has 1 or 2`);
    return {
      streamCount: 1,
      coupledStreamCount: channels - 1,
      channelMappingTable: channels === 2 ? [0, 1] : [0],
    };
  }
  if (family !== 1 || channels > MAX_CHANNELS)
    return refuse(
      `mapping family ${family} with ${channels} channels; families 0 and 1 up to ${MAX_CHANNELS} are read`,
    );
  const streamCount = packet[19] ?? 0;
  const coupledStreamCount = packet[20] ?? 0;
  const channelMappingTable = [...packet.subarray(21, 21 + channels)];
  const sources = streamCount + coupledStreamCount;
  const isSound =
    channelMappingTable.length === channels &&
    streamCount > 0 &&
    coupledStreamCount <= streamCount &&
    sources <= 255 &&
    channelMappingTable.every((source) => source < sources || source === 255);
  if (!isSound)
    return refuse(`${streamCount} streams, ${coupledStreamCount} coupled, do not make ${channels} channels`);
  return { streamCount, coupledStreamCount, channelMappingTable };
}

async function createOpusDecoder(
  layout: OpusLayout & { readonly channels: number; readonly sampleRate: OpusRateHz },
  gain: number,
): Promise<OggDecoder> {
  const decoder = await createDecoder(
    () => import("opus-decoder"),
    ({ OpusDecoder }) => new OpusDecoder(layout),
    "opus-decoder",
  );
  let headers = 0;
  return {
    free: () => freeDecoder(decoder),
    async decode(packets) {
      // OpusHead and OpusTags come first.
      const audio = packets.slice(Math.max(0, 2 - headers));
      headers = Math.min(2, headers + packets.length);
      const parts: (readonly Float32Array[])[] = [];
      let failed = 0;
      for (const packet of audio) {
        const { channels, error } = await callDecoder(() => decoder.decodeFrame(packet));
        if (error === undefined) parts.push(channels);
        else failed++;
      }
      const channels = joinChannels(parts);
      if (gain !== 1)
        for (const channel of channels) for (let i = 0; i < channel.length; i++) channel[i]! *= gain;
      return { channels, failed };
    },
  };
}
