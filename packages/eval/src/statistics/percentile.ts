import { CallsignError } from "@callsign/audio/internal";

/**
 * Percentile with linear interpolation (definition 7 of Hyndman and Fan 1996; numpy's default). @throws CallsignError `INVALID_ARGUMENT` for no values, a NaN, or a percent outside 0 to 100
 */
export function percentile(values: ArrayLike<number>, percent: number): number {
  if (values.length === 0)
    throw new CallsignError("INVALID_ARGUMENT", "percentile: expected values, got none");
  if (!(percent >= 0 && percent <= 100))
    throw new CallsignError("INVALID_ARGUMENT", `percentile: expected 0 to 100, got ${percent}`);
  const sorted = Float64Array.from(values).toSorted();
  // A typed array's sort puts NaN last.
  if (Number.isNaN(sorted.at(-1))) throw new CallsignError("INVALID_ARGUMENT", "percentile: a value is NaN");
  const position = (percent / 100) * (sorted.length - 1);
  const lower = Math.floor(position);
  const below = sorted[lower]!;
  const above = sorted[Math.min(lower + 1, sorted.length - 1)]!;
  return below + (position - lower) * (above - below);
}
