/** Logistic function: probability, 0 to 1, of a logit. */
export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** Inverse of `sigmoid`: log odds of a probability. */
export const toLogit = (probability: number): number => Math.log(probability / (1 - probability));
