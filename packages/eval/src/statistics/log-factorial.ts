/** Natural logarithm of n!, for whole n of 0 or more; relative error below 1e-15. */
export function logFactorial(n: number): number {
  if (n < EXACT.length) return EXACT[n]!;
  // Stirling's series (Abramowitz and Stegun 6.1.41): beyond n = 30 four terms leave less than a double can hold.
  const z = n + 1;
  const tail = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + tail;
}

const EXACT = Float64Array.from({ length: 32 }, (_, n) => {
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return Math.log(factorial);
});
