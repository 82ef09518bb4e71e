/** Seeded test audio: bursts of noise over near silence. */
export function noise(length: number, seed = 1): Int16Array {
  let state = seed >>> 0;
  // Numerical Recipes' linear congruential generator.
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Int16Array.from({ length }, (_, i) => {
    const loudness = 20 + 9000 * Math.max(0, Math.sin(i / 3000)) ** 4;
    return Math.round((random() * 2 - 1) * loudness);
  });
}
