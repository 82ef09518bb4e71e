import { open } from "node:fs/promises";

/**
 * Length of a recording in seconds, from its header (WAV, FLAC) or from its size and what is usual of its ending.
 * An estimate: nothing is decoded.
 */
export async function estimateSeconds(path: string): Promise<number> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return 0;
  try {
    const { size } = await file.stat();
    const header = Buffer.alloc(44);
    await file.read(header, 0, header.length, 0);
    return fromHeader(header, size) ?? size / (BYTES_A_SECOND[endingOf(path)] ?? 16_000);
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
