import { CallsignError } from "@callsign/audio/internal";

export interface HistogramBin {
  readonly from: number;
  /** Exclusive, except in the last bin. */
  readonly to: number;
  readonly count: number;
}

/**
 * Counts values between ascending edges. Values outside are counted in the first or last bin. @throws CallsignError `INVALID_ARGUMENT` for fewer than two edges, edges out of order, or a NaN
 */
export function histogram(values: ArrayLike<number>, edges: readonly number[]): HistogramBin[] {
  if (edges.length < 2 || edges.some((edge, i) => i > 0 && !(edge > edges[i - 1]!)))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `histogram: expected two or more ascending edges, got [${edges.slice(0, 10).join(", ")}]`,
    );
  const counts = Array.from({ length: edges.length - 1 }, () => 0);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) throw new CallsignError("INVALID_ARGUMENT", `histogram: value ${i} is NaN`);
    counts[binOf(values[i]!, edges)]!++;
  }
  return counts.map((count, i) => ({ from: edges[i]!, to: edges[i + 1]!, count }));
}

/** Logarithmic bin edges, `perDecade` in each decade, covering `from` to `to`. */
export function logEdges(from: number, to: number, perDecade: number): number[] {
  const first = Math.floor(Math.log10(from) * perDecade + ROUNDING);
  const last = Math.ceil(Math.log10(to) * perDecade - ROUNDING);
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, i) => 10 ** ((first + i) / perDecade));
}

/** Tolerance that avoids an extra bin if a limit is itself an edge. */
const ROUNDING = 1e-9;

/** Last edge at or below the value, by bisection. */
function binOf(value: number, edges: readonly number[]): number {
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
