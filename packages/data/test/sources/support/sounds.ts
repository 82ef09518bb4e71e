import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { fromMagnitudes, writeWav } from "@callsign/audio/internal";
import { createOggEncoder } from "wasm-media-encoders";

/** A sine as int16 magnitudes. */
export const sine = ({ hertz = 440, seconds = 0.5, sampleRateHz = 16_000 } = {}): Float32Array =>
  Float32Array.from(
    { length: Math.round(seconds * sampleRateHz) },
    (_, i) =>
      // Plus 0: no file keeps the sign of a rounded -0.
      Math.round(12_000 * Math.sin((2 * Math.PI * hertz * i) / sampleRateHz)) + 0,
  );

/** A wav file of samples (int16 magnitudes). */
export const wav = (samples: Float32Array, sampleRateHz = 16_000): Uint8Array =>
  writeWav({ samples: fromMagnitudes(samples), sampleRateHz });

/** An Ogg Vorbis file of a sine, 44.1 kHz (libvorbis in wasm-media-encoders 0.7.0). */
export async function sineOgg({ hertz, seconds }: { hertz: number; seconds: number }): Promise<Uint8Array> {
  const vorbis = await createOggEncoder();
  vorbis.configure({ sampleRate: 44_100, channels: 1, vbrQuality: 3 });
  const unit = sine({ hertz, seconds, sampleRateHz: 44_100 }).map((sample) => sample / 32_768);
  const head = Uint8Array.from(vorbis.encode([unit]));
  return Buffer.concat([head, vorbis.finalize()]);
}

/** Writes a file, making its folder. @returns its path */
export async function put(folder: string, path: string, bytes: Uint8Array | string): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
  return join(folder, path);
}
