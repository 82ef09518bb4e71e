export interface ScheduleOptions {
  /** The highest rate, reached at the end of the warm-up. */
  readonly learningRate: number;
  readonly steps: number;
  /** Share of the steps over which the rate rises in a straight line. Default 0.1. */
  readonly warmUp?: number;
  /** The rate at the last step as a share of the highest. Default 0. */
  readonly final?: number;
}

/** The learning rate of step `step`, from 0: a straight rise, then half a cosine down (Loshchilov and Hutter 2017, arXiv 1608.03983). */
export function learningRateAt(step: number, options: ScheduleOptions): number {
  const { learningRate, steps, warmUp = 0.1, final = 0 } = options;
  const rising = Math.round(warmUp * steps);
  if (step < rising) return (learningRate * (step + 1)) / rising;
  const progress = Math.min(1, (step - rising) / Math.max(1, steps - 1 - rising));
  return learningRate * (final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
