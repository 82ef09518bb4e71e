import { expect } from "vitest";

interface Tolerance {
  readonly rtol?: number;
  readonly atol?: number;
}

expect.extend({
  /** |actual - expected| <= atol + rtol * |expected| for every element; the report names the worst. */
  toBeAllClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance = {}) {
    const { rtol = 1e-5, atol = 1e-8 } = tolerance;
    if (actual.length !== expected.length) {
      return { pass: false, message: () => `lengths differ: ${actual.length} and ${expected.length}` };
    }
    let worst = -1;
    let worstExcess = 0;
    for (let i = 0; i < actual.length; i++) {
      const difference = Math.abs(actual[i]! - expected[i]!);
      const excess = difference - (atol + rtol * Math.abs(expected[i]!));
      if (!(excess <= worstExcess)) {
        worst = i;
        worstExcess = Number.isNaN(excess) ? Infinity : excess;
      }
    }
    return {
      pass: worst < 0,
      message: () =>
        worst < 0
          ? `expected some element to differ by more than rtol ${rtol}, atol ${atol}`
          : `element ${worst} of ${actual.length}: got ${actual[worst]}, expected ${expected[worst]} (rtol ${rtol}, atol ${atol})`,
    };
  },
});

declare module "vitest" {
  // oxlint-disable-next-line typescript/no-explicit-any -- the signature vitest declares
  interface Matchers<T = any> {
    toBeAllClose(expected: ArrayLike<number>, tolerance?: Tolerance): T;
  }
}
