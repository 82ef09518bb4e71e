/** A share as a percentage with one decimal: 0.123 is `12.3 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
