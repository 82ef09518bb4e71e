export interface ScheduleOptions {
  /** Peak rate, reached at the end of the warm-up. */
  readonly learningRate: number;
  readonly steps: number;
  /** Share of the steps over which the rate rises linearly. Default 0.1. */
  readonly warmUp?: number;
  /** Rate at the last step as a share of the peak. Default 0. */
  readonly final?: number;
}

/** Learning rate of step `step`, counted from 0: linear warm-up, then cosine decay (Loshchilov and Hutter 2017, arXiv 1608.03983). */
export function learningRateAt(step: number, options: ScheduleOptions): number {
  const { learningRate, steps, warmUp = 0.1, final = 0 } = options;
  const rising = Math.round(warmUp * steps);
  if (step < rising) return (learningRate * (step + 1)) / rising;
  const progress = Math.min(1, (step - rising) / Math.max(1, steps - 1 - rising));
  return learningRate * (final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
