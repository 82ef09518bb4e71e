import type { AudioBlock } from "../../audio/audio.ts";
import type { AudioNotes } from "../../audio/audio-notes.ts";
import { ChannelMixer } from "../../audio/channel-mixer.ts";
import { ANTIPHASE } from "../../audio/wav-blocks.ts";
import { CallsignError } from "../../errors.ts";
import { mixUnitScale } from "./call-decoder.ts";
import type { DecodeAudio } from "./decode-audio.ts";
import type { OggCodec, OggDecoder, OggPlace } from "./ogg-codec.ts";
import { oggFlac } from "./ogg-flac.ts";
import { oggOpus } from "./ogg-opus.ts";
import { OggPackets } from "./ogg-packets.ts";
import { type OggPage, readOggPage } from "./ogg-page.ts";
import { oggVorbis } from "./ogg-vorbis.ts";

/**
 * Decodes the Vorbis, Opus or FLAC streams of an Ogg file, one after another where they are chained. Of several at a
 * time only the first is decoded.
 */
export const decodeOgg: DecodeAudio = async function* (
  reader,
  notes,
): AsyncGenerator<AudioBlock, void, undefined> {
  const { name } = reader;
  const mixer = new ChannelMixer(() => notes.add("antiphase", ANTIPHASE));
  const unknown: string[] = [];
  let stream: OggStream | undefined;
  try {
    for (let page = await readOggPage(reader, notes); page; page = await readOggPage(reader, notes)) {
      // Streams side by side all begin before the data of any.
      if (page.isFirst && stream?.hasData !== false) {
        const codec = identify(page, { name, byte: page.byte });
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
    if (channels.length > 0) yield { samples: mixUnitScale(channels, { mixer, name }), sampleRateHz };
  }
};

/** The codec of a stream's first page, or what else it seems to be. */
function identify({ body }: OggPage, place: OggPlace): OggCodec | string {
  const text = String.fromCharCode(...body.subarray(0, 8));
  if (text.startsWith("\u0001vorbis")) return oggVorbis(body, place);
  if (text.startsWith("OpusHead")) return oggOpus(body, place);
  if (text.startsWith("\u007FFLAC")) return oggFlac(body, place);
  return JSON.stringify(text);
}

/**
 * One logical stream. Cuts off what the codec needed to start up, and what the last packet holds beyond the position on
 * the last page, whether that is flagged as the last or not; so each page's audio is kept until the next has come.
 */
class OggStream {
  readonly serial: number;
  readonly codec: OggCodec;
  /** Whether pages behind the first one came. */
  hasData = false;
  readonly #decoder: OggDecoder;
  readonly #packets: OggPackets;
  readonly #notes: AudioNotes;
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
    this.#decoder = options.decoder;
    this.#notes = options.notes;
    this.#packets = new OggPackets(options.notes);
  }

  /** Takes the next page and returns the channels of the one before. */
  async push(page: OggPage): Promise<readonly Float32Array[]> {
    this.hasData ||= !page.isFirst;
    this.#isEnded ||= page.isLast;
    const { channels, failed } = await this.#decoder.decode(this.#packets.push(page));
    if (failed > 0) this.#notes.countDamage(page.byte, page.body.length);
    const before = this.#decoded;
    const count = channels[0]?.length ?? 0;
    const { granule } = page;
    this.#decoded += count;
    // A stream cut out of a longer one does not begin at 0, as the first page that it ends within tells.
    if (this.#start === undefined && granule > 0 && count > 0)
      this.#start = page.isLast ? 0 : Math.max(0, granule - this.#decoded);
    if (count === 0) return [];
    const earlier = this.#held;
    this.#held = { channels, before, granule };
    return earlier === undefined ? [] : this.#cut(earlier.channels, earlier.before, Infinity);
  }

  /** The channels of the last page. */
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
    const from = Math.max(0, this.codec.preSkip - before);
    return channels.map((channel) => channel.subarray(from, Math.max(from, Math.min(end, channel.length))));
  }
}
