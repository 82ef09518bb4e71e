import { CallsignError } from "@callsign/audio/internal";

export interface WarmUpOptions {
  /** Clock in milliseconds. Default `performance.now`. */
  readonly clock?: () => number;
  /** Runs per median. Default 5. */
  readonly window?: number;
  /** Relative difference of two successive medians that counts as settled. Default 0.1. */
  readonly tolerance?: number;
  /** Maximum number of runs. Default 100. */
  readonly maxRuns?: number;
}

export interface WarmUp {
  readonly runs: number;
  /** Median latency of the last runs, in milliseconds. */
  readonly settledMs: number;
  /** Latency of the first run, which includes lazy initialization. */
  readonly firstMs: number;
  /** False if `maxRuns` was reached first. */
  readonly settled: boolean;
}

/**
 * Calls `run` until its latency settles, that is until the median of the last `window` runs is within `tolerance` of the median
 * of the `window` runs before. For a detector: `warmUp(() => detector.rehearse())`.
 */
export async function warmUp(run: () => Promise<unknown>, options: WarmUpOptions = {}): Promise<WarmUp> {
  const { clock = () => performance.now(), window = 5, tolerance = 0.1, maxRuns = 100 } = options;
  if (!(Number.isInteger(window) && window >= 1 && maxRuns >= 2 * window && tolerance >= 0))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `warm-up: expected window >= 1, maxRuns >= 2 * window and tolerance >= 0, got ${window}, ${maxRuns}, ${tolerance}`,
    );
  const latenciesMs: number[] = [];
  let settled = false;
  while (!settled && latenciesMs.length < maxRuns) {
    const startMs = clock();
    await run();
    latenciesMs.push(clock() - startMs);
    settled = latenciesMs.length >= 2 * window && hasSettled(latenciesMs, { window, tolerance });
  }
  return {
    runs: latenciesMs.length,
    settledMs: median(latenciesMs.slice(-window)),
    firstMs: latenciesMs[0]!,
    settled,
  };
}

function hasSettled(
  latenciesMs: readonly number[],
  { window, tolerance }: { readonly window: number; readonly tolerance: number },
): boolean {
  const before = median(latenciesMs.slice(-2 * window, -window));
  return Math.abs(median(latenciesMs.slice(-window)) - before) <= tolerance * before;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
