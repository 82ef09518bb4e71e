import type { AudioNote, CallsignError } from "@callsign/infer";

import type { Provenance } from "../manifest.ts";

/** A recording as a source hands it over. */
export interface SourceClip {
  /** Unique within its source and the same in every run; safe as a file name once `/` is replaced. */
  readonly id: string;
  /** Mono, 16 kHz, int16 magnitudes, never empty; the receiver may keep or change it. */
  readonly audio: Float32Array;
  readonly label?: string;
  /** The words spoken, where a transcript says. */
  readonly text?: string;
  /** Who is heard, unique over all sources; absent where the source cannot tell. */
  readonly speaker?: string;
  readonly licence: string;
  /** Which source, and which corpus of it. */
  readonly source: string;
  /** True for a segment of a longer recording: what is said in it may be cut off. */
  readonly isSegment?: boolean;
  /** File, shard, row: enough to find the recording again. */
  readonly provenance: Provenance;
}

/** Something in a source that could not be used. */
export interface ClipFault {
  /** File, and entry, line or row within it. */
  readonly place: string;
  readonly error: CallsignError;
}

/** Something in a source that could be read and is not used. */
export interface LeftOutClip {
  readonly reason: "too-short" | "damaged" | "excluded" | "with-phrase";
  /** File, and what of it. */
  readonly place: string;
}

/** For one pass over a source. */
export interface ReadClipsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every clip that is left out because it is broken. */
  readonly onFault?: ((fault: ClipFault) => void) | undefined;
  /** Told of what is left out though it can be read, such as the short rest of a recording. */
  readonly onLeftOut?: ((left: LeftOutClip) => void) | undefined;
  /** Told of what is no fault but should be known, such as a corpus with fewer fitting clips than asked for. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** A place clips come from. Every adapter behaves alike: same clips in the same order on every pass, broken ones counted. */
export interface ClipSource {
  /** For messages and progress, such as `folder /recordings`. */
  readonly name: string;
  /**
   * One pass, clip by clip, holding no more than it must.
   * @throws CallsignError TOO_MANY_FAULTS above the share of broken clips the config states, CORPUS_EMPTY, ABORTED,
   * and what reading the place itself can throw
   */
  clips(options?: ReadClipsOptions): AsyncGenerator<SourceClip>;
}

/** What is lost of one file; `report` passes it on, for a file that could be read in the end. */
export function watchDamage({ onLeftOut }: Pick<ReadClipsOptions, "onLeftOut">): {
  readonly onNote: (note: AudioNote) => void;
  readonly report: () => void;
} {
  const places: string[] = [];
  return {
    onNote: ({ code, message }) => {
      if (code === "truncated" || code === "damaged") places.push(message);
    },
    report: () => {
      for (const place of places.splice(0)) onLeftOut?.({ reason: "damaged", place });
    },
  };
}

/** Rate of every clip's audio, in hertz. */
export const CLIP_SAMPLE_RATE_HZ = 16_000;
