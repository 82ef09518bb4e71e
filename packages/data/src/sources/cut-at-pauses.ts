import { CLIP_SAMPLE_RATE_HZ } from "./clip-source.ts";

/** A stretch of a recording, and where it begins in it. Lengths are in samples at 16 kHz. */
export interface Segment {
  readonly samples: Float32Array;
  readonly index: number;
  readonly start: number;
  /** The recording was no longer than a segment may be. */
  readonly isWhole: boolean;
}

/**
 * Cuts a recording into segments of at most `maxLength` samples, in the memory of about one. Each cut is made in the
 * quietest 0.2 s of the segment's last quarter, which is a pause where people talk. Together the segments are the whole
 * recording, and the last is not much shorter than half a second.
 */
export async function* cutAtPauses(
  chunks: AsyncIterable<Float32Array>,
  { maxLength }: { readonly maxLength: number },
): AsyncGenerator<Segment, void, undefined> {
  const rest = Math.min(SHORTEST_REST, Math.ceil(maxLength / 2));
  const capacity = maxLength + rest;
  let buffer = new Float32Array(Math.min(capacity, SMALLEST_BUFFER));
  let filled = 0;
  let start = 0;
  let index = 0;
  const take = (length: number, isWhole = false): Segment => {
    const segment = { samples: buffer.slice(0, length), index: index++, start, isWhole };
    buffer.copyWithin(0, length, filled);
    filled -= length;
    start += length;
    return segment;
  };
  // A cut leaves at least `rest` samples, so what comes after it is never a splinter.
  const cut = (): Segment =>
    take(
      quietestPlace(buffer, { from: Math.floor(maxLength * 0.75), to: Math.min(maxLength, filled - rest) }),
    );
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      if (filled === buffer.length) buffer = grown(buffer, capacity);
      const count = Math.min(buffer.length - filled, chunk.length - at);
      buffer.set(chunk.subarray(at, at + count), filled);
      filled += count;
      at += count;
      if (filled === capacity) yield cut();
    }
  }
  if (filled > maxLength) yield cut();
  if (filled > 0) yield take(filled, index === 0);
}

/** A minute: most recordings are shorter than a segment may be. */
const SMALLEST_BUFFER = 60 * CLIP_SAMPLE_RATE_HZ;

function grown(buffer: Float32Array<ArrayBuffer>, capacity: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(Math.min(capacity, 2 * buffer.length));
  larger.set(buffer);
  return larger;
}

/** Half a second. */
const SHORTEST_REST = CLIP_SAMPLE_RATE_HZ / 2;

/** 20 ms, and ten of them. */
const STEP = CLIP_SAMPLE_RATE_HZ / 50;
const PAUSE_STEPS = 10;

/** Middle of the quietest 0.2 s in `[from, to]`; `to` where there is no room for a choice. */
function quietestPlace(samples: Float32Array, { from, to }: { from: number; to: number }): number {
  const steps = Math.floor((to - from) / STEP);
  if (steps <= PAUSE_STEPS) return to;
  const energies = Array.from({ length: steps }, (_, i) => {
    let sum = 0;
    for (let at = from + i * STEP; at < from + (i + 1) * STEP; at++) sum += samples[at]! ** 2;
    return sum;
  });
  let sum = energies.slice(0, PAUSE_STEPS).reduce((total, energy) => total + energy, 0);
  let least = sum;
  let place = 0;
  for (let i = PAUSE_STEPS; i < steps; i++) {
    sum += energies[i]! - energies[i - PAUSE_STEPS]!;
    if (sum >= least) continue;
    least = sum;
    place = i - PAUSE_STEPS + 1;
  }
  return from + place * STEP + (PAUSE_STEPS * STEP) / 2;
}
