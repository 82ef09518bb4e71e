import { CallsignError } from "@callsign/audio/internal";

export interface WarmUpOptions {
  /** Milliseconds from any start; default `performance.now`. */
  readonly clock?: () => number;
  /** Runs whose median is compared with that of as many before them. Default 5. */
  readonly window?: number;
  /** How far the two medians may lie apart, as a share of the earlier. Default 0.1. */
  readonly tolerance?: number;
  /** Gives up here. Default 100. */
  readonly maxRuns?: number;
}

export interface WarmUp {
  readonly runs: number;
  /** Median latency of the last runs, in milliseconds. */
  readonly settledMs: number;
  /** Latency of the first run, which pays for lazy initialisation. */
  readonly firstMs: number;
  /** False when `maxRuns` came first. */
  readonly settled: boolean;
}

/**
 * Runs something until its latency settles: until the median of the last `window` runs lies within `tolerance` of the
 * median of the `window` before. For a detector, `warmUp(() => detector.rehearse())`.
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
