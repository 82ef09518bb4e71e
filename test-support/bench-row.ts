/** One line of `pnpm bench`: a figure and, where it has a rival measured in the same run, how it compares. */
export interface BenchRow {
  readonly group: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Rival's cost over ours (or ours over theirs for throughput): above 1 is better for us. */
  readonly ratio?: number;
  /** What `ratio` compares with. */
  readonly baseline?: string;
  readonly note?: string;
}
