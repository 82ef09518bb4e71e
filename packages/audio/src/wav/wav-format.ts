import { CallsignError } from "../errors.ts";

/** Sample format of a WAV file. */
export interface WavFormat {
  readonly encoding: "int" | "float";
  /** 1 to 4 for integers (1 is unsigned), 4 or 8 for floats. */
  readonly bytesPerSample: number;
  readonly channels: number;
  readonly sampleRateHz: number;
}

/**
 * Parses the body of a `fmt ` chunk. Integers are left-aligned in their bytes, so only the number of bytes matters.
 * @throws CallsignError `AUDIO_INVALID`, `AUDIO_UNSUPPORTED`
 */
export function parseWavFormat(
  chunk: Uint8Array,
  { name, start }: { readonly name: string; readonly start: number },
): WavFormat {
  const refuse = (what: string): never => {
    throw new CallsignError("AUDIO_INVALID", `${name}: format chunk at byte ${start - 8}: ${what}`);
  };
  if (chunk.length < 16) return refuse(`expected 16 bytes or more, got ${chunk.length}`);
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const tag = readTag(view, refuse);
  const channels = view.getUint16(2, true);
  const sampleRateHz = view.getUint32(4, true);
  const frameBytes = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  if (tag !== PCM && tag !== IEEE_FLOAT)
    throw new CallsignError(
      "AUDIO_UNSUPPORTED",
      `${name}: WAV encoding ${describeTag(tag)}; convert it to PCM, for example: ffmpeg -i in.wav -c:a pcm_s16le out.wav`,
    );
  if (channels === 0) return refuse("0 channels");
  if (sampleRateHz === 0) return refuse("a sample rate of 0 Hz");
  const encoding = tag === PCM ? "int" : "float";
  const bytesPerSample = Math.ceil(bits / 8);
  const isKnown = encoding === "int" ? bits >= 1 && bits <= 32 : bits === 32 || bits === 64;
  if (!isKnown)
    return refuse(`${bits}-bit ${encoding} samples; expected int of 1 to 32 bits or float of 32 or 64`);
  if (frameBytes !== channels * bytesPerSample)
    return refuse(
      `expected ${channels * bytesPerSample} bytes per frame (${channels} x ${bits} bits), got ${frameBytes}`,
    );
  return { encoding, bytesPerSample, channels, sampleRateHz };
}

/** Format tags of mmreg.h. */
const PCM = 1;
const IEEE_FLOAT = 3;
const EXTENSIBLE = 0xfffe;

const KNOWN_TAGS: Readonly<Record<number, string>> = {
  2: "Microsoft ADPCM",
  6: "A-law",
  7: "mu-law",
  17: "IMA ADPCM",
  49: "GSM 6.10",
  80: "MPEG",
  85: "MP3",
};

/** Bytes 2 to 15 of the sub-format GUID, the same for every tag: 0000-0010-8000-00AA00389B71. (mmreg.h) */
const GUID_TAIL = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

function readTag(view: DataView, refuse: (what: string) => never): number {
  const tag = view.getUint16(0, true);
  if (tag !== EXTENSIBLE) return tag;
  if (view.byteLength < 40) return refuse(`WAVE_FORMAT_EXTENSIBLE needs 40 bytes, got ${view.byteLength}`);
  if (GUID_TAIL.some((byte, i) => view.getUint8(26 + i) !== byte)) return refuse("an unknown sub-format");
  return view.getUint16(24, true);
}

const describeTag = (tag: number): string =>
  tag in KNOWN_TAGS ? `${KNOWN_TAGS[tag]} (${tag})` : `0x${tag.toString(16)}`;
