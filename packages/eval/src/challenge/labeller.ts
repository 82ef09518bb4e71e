/** What a labeller said of one frame. */
export interface FrameLabel {
  /** True: a command, label 0. False: communication, label 1. */
  readonly muted: boolean;
  /** How sure it is of a command, 0 to 1, for the report's trace; NaN where it keeps no score. */
  readonly score: number;
}

/** Whatever decides, frame by frame, whether to mute a stream. Frames come in order, the next after the last was answered. */
export interface Labeller {
  /** Score from which on a frame is muted; null where there is no single one. */
  readonly threshold: number | null;
  /** `frame` holds samples in -1..1 and may be kept. */
  label(frame: Float32Array): Promise<FrameLabel>;
  /** Called once before the first frame of a real-time run; must leave no trace in the labels. */
  warmUp?(): Promise<void>;
}

/** What a run of a labeller over the frames of a clip gave. */
export interface LabelledRun {
  readonly frameLength: number;
  /** 0 or 1, one a frame. */
  readonly labels: Uint8Array;
  /** One a frame. */
  readonly scores: Float32Array;
  /** Null for an offline run, which claims nothing about time. */
  readonly timing: RunTiming | null;
}

/** When things happened, in milliseconds of the monotonic clock since the first emission was due; one value a frame. */
export interface RunTiming {
  readonly periodMs: number;
  readonly emittedMs: Float64Array;
  readonly labelledMs: Float64Array;
}

/** Labelled minus emitted, one a frame. */
export const overrunsOf = ({ emittedMs, labelledMs }: RunTiming): Float64Array =>
  labelledMs.map((labelled, i) => labelled - emittedMs[i]!);
