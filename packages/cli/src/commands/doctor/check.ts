/** One thing looked for on this machine. */
export interface Check {
  readonly group: "runtime" | "inference" | "training" | "speech" | "microphone" | "model files";
  readonly name: string;
  readonly found: boolean;
  /** Without it Callsign does not work at all; everything else widens what it can do. */
  readonly required: boolean;
  /** What was found, or why it was not. */
  readonly detail: string;
  /** What to do to have it. */
  readonly fix?: string;
}
