/** A share as a percentage with one decimal: 0.123 is `12.3 %`; null, not measured, is a dash. */
export const formatPercent = (share: number | null): string =>
  share === null ? "–" : `${(100 * share).toFixed(1)} %`;
