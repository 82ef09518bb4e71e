/** Result of one check of this machine. */
export interface Check {
  readonly group: "runtime" | "inference" | "training" | "speech" | "microphone" | "model files";
  readonly name: string;
  readonly found: boolean;
  /** True for parts without which nothing works. */
  readonly required: boolean;
  /** What was found, or why not. */
  readonly detail: string;
  /** How to get it. */
  readonly fix?: string;
}
