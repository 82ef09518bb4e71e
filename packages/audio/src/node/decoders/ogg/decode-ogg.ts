import type { AudioBlock } from "../../../samples/audio.ts";
import type { AudioNotes } from "../../../samples/audio-notes.ts";
import { ChannelMixer } from "../../../samples/channel-mixer.ts";
import { ANTIPHASE } from "../../../wav/wav-blocks.ts";
import { CallsignError } from "../../../errors.ts";
import { mixDecoded } from "../call-decoder.ts";
import type { DecodeAudio } from "../decode-audio.ts";
import type { OggCodec, OggDecoder, OggPlace } from "./codec.ts";
import { oggFlac } from "./flac.ts";
import { oggOpus } from "./opus.ts";
import { OggPackets } from "./packets.ts";
import { type OggPage, readOggPage } from "./page.ts";
import { oggVorbis } from "./vorbis.ts";

/** Decoder of Ogg files with Vorbis, Opus or FLAC: decodes chained streams one after another, and the first of multiplexed ones. */
export const decodeOgg: DecodeAudio = async function* (
  reader,
  notes,
  { sampleRateHz: wantedRateHz },
): AsyncGenerator<AudioBlock, void, undefined> {
  const { name } = reader;
  const mixer = new ChannelMixer(() => notes.add("antiphase", ANTIPHASE));
  const unknown: string[] = [];
  let stream: OggStream | undefined;
  try {
    for (let page = await readOggPage(reader, notes); page; page = await readOggPage(reader, notes)) {
      // Multiplexed streams all begin before any of their data.
      if (page.isFirst && stream?.hasData !== false) {
        const codec = identify(page, { name, byte: page.byte, wantedRateHz });
        if (typeof codec === "string") unknown.push(codec);
        else {
          if (stream !== undefined) yield* mix(stream.end());
          stream?.free();
          stream = new OggStream(page, { codec, decoder: await codec.createDecoder(), notes });
          const { sampleRateHz, expectedSamples } = codec;
          if (expectedSamples !== undefined)
            yield { samples: new Float32Array(0), sampleRateHz, expectedSamples };
        }
      }
      if (stream?.serial === page.serial) yield* mix(await stream.push(page));
    }
    if (stream !== undefined) yield* mix(stream.end());
  } finally {
    stream?.free();
  }
  if (stream !== undefined) return;
  const found = unknown.length === 0 ? "no beginning of a stream" : unknown.join(" and ");
  throw new CallsignError(
    unknown.length === 0 ? "AUDIO_INVALID" : "AUDIO_UNSUPPORTED",
    `${name}: expected a Vorbis, Opus or FLAC stream in the Ogg file, got ${found}`,
  );

  function* mix(channels: readonly Float32Array[]): Generator<AudioBlock, void, undefined> {
    const { sampleRateHz } = stream!.codec;
    if (channels.length > 0) yield { samples: mixDecoded(channels, { mixer, name }), sampleRateHz };
  }
};

/** Codec of a stream's first page, or the start of the page as text for an unknown one. */
function identify({ body }: OggPage, place: OggPlace): OggCodec | string {
  const text = String.fromCharCode(...body.subarray(0, 8));
  if (text.startsWith("\u0001vorbis")) return oggVorbis(body, place);
  if (text.startsWith("OpusHead")) return oggOpus(body, place);
  if (text.startsWith("\u007FFLAC")) return oggFlac(body, place);
  return JSON.stringify(text);
}

/**
 * Logical stream. Removes the codec's pre-skip, and samples beyond the granule position of the last page, flagged as last or not;
 * therefore the audio of a page is held until the next page.
 */
class OggStream {
  readonly serial: number;
  readonly codec: OggCodec;
  /** Whether there were pages after the first. */
  hasData = false;
  readonly #decoder: OggDecoder;
  readonly #packets: OggPackets;
  readonly #notes: AudioNotes;
  readonly #samplesPerGranule: number;
  #decoded = 0;
  #start: number | undefined;
  #held:
    | { readonly channels: readonly Float32Array[]; readonly before: number; readonly granule: number }
    | undefined;
  #isEnded = false;

  constructor(
    { serial }: OggPage,
    options: { readonly codec: OggCodec; readonly decoder: OggDecoder; readonly notes: AudioNotes },
  ) {
    this.serial = serial;
    this.codec = options.codec;
    this.#samplesPerGranule = this.codec.sampleRateHz / this.codec.granuleRateHz;
    this.#decoder = options.decoder;
    this.#notes = options.notes;
    this.#packets = new OggPackets(options.notes);
  }

  /** Decodes the next page and returns the channels of the previous one. */
  async push(page: OggPage): Promise<readonly Float32Array[]> {
    this.hasData ||= !page.isFirst;
    this.#isEnded ||= page.isLast;
    const { channels, failed } = await this.#decoder.decode(this.#packets.push(page));
    if (failed > 0) this.#notes.countDamage(page.byte, page.body.length);
    const before = this.#decoded;
    const count = channels[0]?.length ?? 0;
    const granule = page.granule * this.#samplesPerGranule;
    this.#decoded += count;
    // A stream cut from a longer one does not begin at 0: its start is computed from the first granule position.
    if (this.#start === undefined && granule > 0 && count > 0)
      this.#start = page.isLast ? 0 : Math.max(0, granule - this.#decoded);
    if (count === 0) return [];
    const earlier = this.#held;
    this.#held = { channels, before, granule };
    return earlier === undefined ? [] : this.#cut(earlier.channels, earlier.before, Infinity);
  }

  /** Returns the channels of the last page. */
  end(): readonly Float32Array[] {
    if (!this.#isEnded)
      this.#notes.add(
        "truncated",
        "an Ogg stream has no page that is marked as its last; its end may be missing",
      );
    if (this.#held === undefined) return [];
    const { channels, before, granule } = this.#held;
    this.#held = undefined;
    return this.#cut(channels, before, granule >= 0 ? granule - (this.#start ?? 0) - before : Infinity);
  }

  free(): void {
    this.#decoder.free();
  }

  #cut(channels: readonly Float32Array[], before: number, end: number): readonly Float32Array[] {
    const from = Math.max(0, Math.round(this.codec.preSkip * this.#samplesPerGranule) - before);
    const to = Math.max(from, Math.round(end));
    return channels.map((channel) => channel.subarray(from, to));
  }
}
