import type { ModelCard } from "../model/model-card.ts";
import type { SessionFactory } from "../runtime/session.ts";

/** Input and output names of a single-file model. */
export const SINGLE_FILE_IO = {
  inputs: { samples: "samples", state: "state" },
  outputs: { scores: "scores", state: "nextState" },
  /** Version of these names and of the metadata, stored under the key `callsign.format`. */
  format: "single-file-1",
} as const;

export interface SingleFileParts {
  readonly card: ModelCard;
  /** Classifier graph named by the card. */
  readonly classifier: Uint8Array;
  /** Speech embedding named by the card. */
  readonly embedding: Uint8Array;
  /** Runs the front-end once, to compute its state after silence. */
  readonly createSession: SessionFactory;
}
