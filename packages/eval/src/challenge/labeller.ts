/** Label of one frame. */
export interface FrameLabel {
  /** True for a command (label 0), false for communication (label 1). */
  readonly muted: boolean;
  /** Command score, 0 to 1, shown in the report; NaN if the labeller has none. */
  readonly score: number;
}

/** Decides frame by frame whether to mute a stream. Frames arrive in order, each after the previous one was labelled. */
export interface Labeller {
  /** Lowest score that mutes a frame; null if there is no single threshold. */
  readonly threshold: number | null;
  /** `frame` holds samples in -1..1 and may be kept. */
  label(frame: Float32Array): Promise<FrameLabel>;
  /** Called once before the first frame of a real-time run; must not affect labels. */
  warmUp?(): Promise<void>;
}

/** Labels, scores and timing of a labeller's run over the frames of a clip. */
export interface LabelledRun {
  readonly frameLength: number;
  /** 0 (mute) or 1 (broadcast) for each frame. */
  readonly labels: Uint8Array;
  /** Command score of each frame. */
  readonly scores: Float32Array;
  /** Null for an offline run, which measures no latency. */
  readonly timing: RunTiming | null;
}

/** Emission and label times of each frame, in milliseconds since the first emission was due. */
export interface RunTiming {
  readonly periodMs: number;
  readonly emittedMs: Float64Array;
  readonly labelledMs: Float64Array;
}

/** Time from emission to label of each frame, in milliseconds. */
export const overrunsOf = ({ emittedMs, labelledMs }: RunTiming): Float64Array =>
  labelledMs.map((labelled, i) => labelled - emittedMs[i]!);
