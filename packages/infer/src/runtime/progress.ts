/** Progress of a long stage, yielded or reported by it. The display computes rate and remaining time. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  /** Undefined while unknown. */
  readonly total?: number;
  /** Counted items, plural: `clips`, `bytes`, `steps`. */
  readonly unit: string;
  /** Figure to show beside the count, such as the current loss. */
  readonly note?: string;
}
