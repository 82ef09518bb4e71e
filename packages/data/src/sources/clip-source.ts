import type { AudioNote, CallsignError } from "@callsign/audio/internal";

import type { Provenance } from "../store/manifest.ts";
import type { RecordingDecoder } from "./files/decode-recording.ts";

/** A recording of a source. */
export interface SourceClip {
  /** Unique within its source and the same in every run; safe as a file name once `/` is replaced. */
  readonly id: string;
  /** Mono, 16 kHz, int16 magnitudes, never empty; the receiver may keep or change it. */
  readonly audio: Float32Array;
  readonly label?: string;
  /** The words spoken, where a transcript says. */
  readonly text?: string;
  /** Speaker, unique over all sources; absent if the source does not know. */
  readonly speaker?: string;
  readonly licence: string;
  /** Which source, and which corpus of it. */
  readonly source: string;
  /** True for a segment of a longer recording: what is said in it may be cut off. */
  readonly isSegment?: boolean;
  /** File, shard, row: enough to find the recording again. */
  readonly provenance: Provenance;
}

/** Part of a source that could not be read. */
export interface ClipFault {
  /** File, and entry, line or row within it. */
  readonly place: string;
  readonly error: CallsignError;
}

/** Readable part of a source that is not used. */
export interface LeftOutClip {
  readonly reason: "too-short" | "damaged" | "excluded" | "with-phrase";
  /** File, and what of it. */
  readonly place: string;
}

/** Options of one pass over a source. */
export interface ReadClipsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for every clip that is left out because it is broken. */
  readonly onFault?: ((fault: ClipFault) => void) | undefined;
  /** Called for readable audio that is left out, such as the short rest of a recording. */
  readonly onLeftOut?: ((left: LeftOutClip) => void) | undefined;
  /** Called with remarks that are not errors, such as fewer suitable clips than asked for. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Threads for decoding, for sources that can use them. Default: this thread. */
  readonly decoder?: RecordingDecoder | undefined;
}

/** Source of clips. Every adapter gives the same clips in the same order on every pass and counts broken ones. */
export interface ClipSource {
  /** For messages and progress, such as `folder /recordings`. */
  readonly name: string;
  /**
   * One pass, clip by clip, in bounded memory.
   * @throws CallsignError TOO_MANY_FAULTS above the share of broken clips the config states, CORPUS_EMPTY, ABORTED,
   * and what reading the place itself can throw
   */
  clips(options?: ReadClipsOptions): AsyncGenerator<SourceClip>;
}

/** Loss of one file; `report` passes it on, for a file that was read in the end. */
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
