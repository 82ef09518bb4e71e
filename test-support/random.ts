/** Uniform numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** White noise of int16 magnitudes. */
export function noise(
  length: number,
  options: { readonly seed: number; readonly peak: number },
): Float32Array {
  const random = seededRandom(options.seed);
  return Float32Array.from({ length }, () => Math.round((random() * 2 - 1) * options.peak));
}
