/** A false accept: its highest logit, and what it adds to the false accepts per hour. */
export interface FalseAccept {
  readonly logit: number;
  readonly perHour: number;
}

/** Tail of false accepts per hour over the threshold: `rate * exp(-(logit - from) / spread)` for logits above `from`. */
export interface FalseAcceptTail {
  readonly from: number;
  /** False accepts per hour at `from`. */
  readonly rate: number;
  readonly spread: number;
}

/** Number of the loudest false accepts that the tail is fitted to: the spread is then known to within 18 %; more would reach into
 * talk that is unlike what is detected falsely. */
export const TAIL_EVENTS = 30;
/** False accepts per hour at which a tail begins, at most; of a few minutes of talk the loudest 30 are not rare. */
const MAX_RATE = 200;
/** With fewer, the spread is a guess, and the rate is as counted. */
const MIN_EVENTS = 5;

/**
 * Fits an exponential tail to the loudest false accepts by maximum likelihood (peaks over threshold: Coles 2001, An
 * Introduction to Statistical Modeling of Extreme Values, 4.3, with shape 0, to which the tails of normal and logistic
 * logits tend). A validation of an hour or two does not hold half a false accept an hour: its threshold would be the
 * score of a single window. Undefined with fewer than five that are rare.
 */
export function fitTail(falseAccepts: readonly FalseAccept[]): FalseAcceptTail | undefined {
  const sorted = falseAccepts.toSorted((a, b) => b.logit - a.logit).slice(0, TAIL_EVENTS + 1);
  // The last one is where the tail begins.
  const loudest: FalseAccept[] = [];
  let rate = 0;
  for (const one of sorted.slice(0, -1)) {
    if (rate + one.perHour > MAX_RATE) break;
    rate += one.perHour;
    loudest.push(one);
  }
  if (loudest.length < MIN_EVENTS) return undefined;
  const from = sorted[loudest.length]!.logit;
  const spread = loudest.reduce((sum, { logit, perHour }) => sum + perHour * (logit - from), 0) / rate;
  return spread > 0 ? { from, rate, spread } : undefined;
}

/** False accepts per hour of a tail at a threshold, given as a logit of at least `from`. */
export const tailRate = ({ from, rate, spread }: FalseAcceptTail, logit: number): number =>
  rate * Math.exp(-(logit - from) / spread);

/** Logit of the threshold with that many false accepts per hour, at most the rate at `from`. */
export const tailLogit = ({ from, rate, spread }: FalseAcceptTail, falseAcceptsPerHour: number): number =>
  from + spread * Math.log(rate / falseAcceptsPerHour);
