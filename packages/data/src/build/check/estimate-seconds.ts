import { open } from "node:fs/promises";

/**
 * Length of a recording in seconds, from its header (WAV, FLAC), its last page (Ogg), or its size and the usual bit rate of its
 * file extension.
 * An estimate: nothing is decoded.
 */
export async function estimateSeconds(path: string): Promise<number> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return 0;
  try {
    const { size } = await file.stat();
    const header = Buffer.alloc(44);
    await file.read(header, 0, header.length, 0);
    const end = Buffer.alloc(Math.min(size, LARGEST_OGG_PAGE));
    if (header.toString("latin1", 0, 4) === "OggS") await file.read(end, 0, end.length, size - end.length);
    return (
      fromHeader(header, size) ?? fromPages(header, end) ?? size / (BYTES_A_SECOND[endingOf(path)] ?? 16_000)
    );
  } finally {
    await file.close();
  }
}

function fromHeader(header: Buffer, size: number): number | undefined {
  const magic = header.toString("latin1", 0, 4);
  if (/^RIFF|^RF64/.test(magic) && header.toString("latin1", 12, 16) === "fmt ") {
    const bytesASecond = header.readUInt32LE(28);
    return bytesASecond > 0 ? size / bytesASecond : undefined;
  }
  // STREAMINFO (RFC 9639, 8.2): rate in 20 bits, samples in 36.
  if (magic === "fLaC") {
    const rate = header.readUIntBE(18, 3) >> 4;
    const samples = (header[21]! & 15) * 2 ** 32 + header.readUInt32BE(22);
    return rate > 0 && samples > 0 ? samples / rate : undefined;
  }
  return undefined;
}

/** RFC 3533, 6: a page has at most 65,307 bytes. */
const LARGEST_OGG_PAGE = 65_307;

/** From the granule position of the last page: samples at 48 kHz for Opus (RFC 7845, 4), else at the rate of Vorbis' header. */
function fromPages(first: Buffer, end: Buffer): number | undefined {
  const rate = first.includes("OpusHead") ? 48_000 : first.includes("vorbis") ? first.readUInt32LE(40) : 0;
  const page = end.lastIndexOf("OggS");
  if (rate === 0 || page < 0 || page + 14 > end.length) return undefined;
  const samples = Number(end.readBigInt64LE(page + 6));
  return samples > 0 ? samples / rate : undefined;
}

const endingOf = (path: string): string => path.slice(path.lastIndexOf(".") + 1).toLowerCase();

/** Bytes a second of audio takes: typical of speech at 16 kHz and of noise at 44.1 kHz. */
const BYTES_A_SECOND: Readonly<Record<string, number>> = {
  wav: 32_000,
  flac: 17_000,
  mp3: 6000,
  ogg: 12_000,
  oga: 12_000,
  opus: 4000,
  m4a: 12_000,
  aac: 12_000,
  webm: 6000,
};
