/** How far a long stage has come. Stages yield or report these; whoever renders them adds the rate and the estimate. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  /** Absent while the total is not known. */
  readonly total?: number;
  /** What is counted, plural: `clips`, `bytes`, `steps`. */
  readonly unit: string;
  /** A figure worth showing beside the count, such as the current loss. */
  readonly note?: string;
}
