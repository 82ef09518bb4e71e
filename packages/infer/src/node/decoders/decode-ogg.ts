import { CallsignError } from "../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteSource } from "./byte-source.ts";
import type { OggCodec, OggPlace } from "./ogg-codec.ts";
import { oggFlac } from "./ogg-flac.ts";
import { oggOpus } from "./ogg-opus.ts";
import { OggPackets } from "./ogg-packets.ts";
import { type OggPage, readOggPage } from "./ogg-page.ts";
import { oggVorbis } from "./ogg-vorbis.ts";
import type { PcmStream } from "./pcm-stream.ts";

/** Decodes the first Vorbis, Opus or FLAC stream of an Ogg file; others beside it are passed over. */
export async function decodeOgg(source: ByteSource): Promise<PcmStream> {
  const reader = new ByteReader(source);
  const unknown: string[] = [];
  while (reader.position < reader.length) {
    const page = await readOggPage(reader);
    if (!page.isFirst) break;
    const codec = identify(page, { name: reader.name, byte: page.byte });
    if (typeof codec !== "string") {
      const { sampleRateHz, expectedSamples } = codec;
      const blocks = trim(decodePages(reader, { first: page, codec }), codec);
      return { sampleRateHz, ...(expectedSamples !== undefined && { expectedSamples }), blocks };
    }
    unknown.push(codec);
  }
  const found = unknown.length === 0 ? "no beginning of a stream" : unknown.join(" and ");
  throw new CallsignError(
    unknown.length === 0 ? "AUDIO_INVALID" : "AUDIO_UNSUPPORTED",
    `${reader.name}: expected a Vorbis, Opus or FLAC stream in the Ogg file, got ${found}`,
  );
}

/** The codec of a stream's first page, or what else it seems to be. */
function identify({ body }: OggPage, place: OggPlace): OggCodec | string {
  const text = String.fromCharCode(...body.subarray(0, 8));
  if (text.startsWith("\u0001vorbis")) return oggVorbis(body, place);
  if (text.startsWith("OpusHead")) return oggOpus(body, place);
  if (text.startsWith("\u007FFLAC")) return oggFlac(body, place);
  return JSON.stringify(text);
}

interface DecodedPage {
  readonly samples: Float32Array;
  readonly granule: number;
  readonly isLast: boolean;
}

async function* decodePages(
  reader: ByteReader,
  { first, codec }: { readonly first: OggPage; readonly codec: OggCodec },
): AsyncGenerator<DecodedPage, void, undefined> {
  const { name } = reader;
  const decoder = await codec.createDecoder();
  const packets = new OggPackets(name);
  let page = first;
  let ended = false;
  try {
    for (;;) {
      if (page.isFirst && ended)
        throw new CallsignError(
          "AUDIO_UNSUPPORTED",
          `${name}: another stream begins at byte ${page.byte}, after the first; split the chained Ogg file there`,
        );
      if (page.serial === first.serial) {
        const samples = await decoder.decode(page, packets.push(page));
        ended ||= page.isLast;
        yield { samples, granule: page.granule, isLast: page.isLast };
      }
      if (reader.position >= reader.length) break;
      page = await readOggPage(reader);
    }
  } finally {
    decoder.free();
  }
  if (ended) return;
  throw new CallsignError(
    "AUDIO_TRUNCATED",
    `${name}: the file ends, at byte ${reader.length}, without the stream's last page`,
  );
}

/** Cuts off what the codec needed to start up, and what its last packet holds beyond the position on the last page. */
async function* trim(
  pages: AsyncIterable<DecodedPage>,
  { preSkip }: OggCodec,
): AsyncGenerator<Float32Array, void, undefined> {
  let decoded = 0;
  let start: number | undefined;
  for await (const { samples, granule, isLast } of pages) {
    const before = decoded;
    decoded += samples.length;
    // A stream cut out of a longer one does not begin at 0, as the first page that it ends within tells.
    if (start === undefined && granule > 0 && samples.length > 0)
      start = isLast ? 0 : Math.max(0, granule - decoded);
    const from = Math.max(0, preSkip - before);
    const to = isLast && granule >= 0 ? granule - (start ?? 0) - before : samples.length;
    const kept = samples.subarray(from, Math.max(from, to));
    if (kept.length > 0) yield kept;
  }
}
