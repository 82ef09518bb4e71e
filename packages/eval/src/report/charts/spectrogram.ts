import { crc32, deflateSync } from "node:zlib";

import { LOG_MEL, logMel } from "@callsign/infer/internal";

/**
 * Log-mel spectrogram of samples (int16 magnitudes) as a PNG data URL: one column per frame of 10 ms, low bands at the bottom, 64 colours from dark
 * (80 dB below the maximum) to light.
 */
export function spectrogramUrl(samples: Float32Array): string {
  const padded = samples.length >= LOG_MEL.fftLength ? samples : padTo(samples, LOG_MEL.fftLength);
  const { data, rows: width, columns: height } = logMel(padded, { floor: "window" });
  const highest = data.reduce((most, value) => Math.max(most, value), -Infinity);
  const range = LOG_MEL.rangeDb / 10;
  // Each PNG row starts with a filter byte; 0 is no filter.
  const pixels = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = data[x * height + (height - 1 - y)]!;
      pixels[y * (width + 1) + 1 + x] = Math.round(
        (1 - Math.min(1, (highest - value) / range)) * (COLOURS - 1),
      );
    }
  return `data:image/png;base64,${encodePng(pixels, { width, height }).toString("base64")}`;
}

const COLOURS = 64;

/** Colours between which the palette interpolates; lightness increases throughout, so that it works in greyscale. */
const STOPS = [
  [13, 16, 36],
  [59, 29, 96],
  [150, 44, 105],
  [232, 105, 72],
  [253, 226, 160],
] as const;

function palette(): Uint8Array {
  const bytes = new Uint8Array(COLOURS * 3);
  for (let i = 0; i < COLOURS; i++) {
    const place = (i / (COLOURS - 1)) * (STOPS.length - 1);
    const from = Math.min(STOPS.length - 2, Math.floor(place));
    for (let c = 0; c < 3; c++) {
      const low = STOPS[from]![c]!;
      bytes[i * 3 + c] = Math.round(low + (STOPS[from + 1]![c]! - low) * (place - from));
    }
  }
  return bytes;
}

/** PNG of colour type 3 (palette), 8 bits (PNG specification, third edition, section 11.2). */
function encodePng(pixels: Uint8Array, { width, height }: { width: number; height: number }): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", palette()),
    chunk("IDAT", deflateSync(pixels)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

function padTo(samples: Float32Array, length: number): Float32Array {
  const padded = new Float32Array(length);
  padded.set(samples);
  return padded;
}
