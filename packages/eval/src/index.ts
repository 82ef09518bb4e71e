// Keywords: recordings found, scored, evaluated, compared.
export { findRecordings, type FindRecordingsOptions, type Recording } from "./recordings/find-recordings.ts";
export { readNoises, readRooms } from "./recordings/read-noises.ts";
export type { Conditions, RecordingContent, StagedRecording } from "./recordings/stage-recording.ts";
export {
  type ScoredRecording,
  scoreRecordings,
  type ScoreRecordingsOptions,
} from "./recordings/score-recordings.ts";
export type { ScoreTrack } from "./detection/score-track.ts";
export type { DecisionTiming } from "@callsign/infer/internal";
export {
  type DetectedTwice,
  evaluateKeyword,
  type EvaluateKeywordOptions,
  type KeywordEvaluation,
  type KeywordFigures,
  type KeywordPoint,
  type ThresholdFigures,
} from "./keyword/keyword-evaluation.ts";
export type { FalseAcceptGroup, HitGroup } from "./keyword/recording-groups.ts";
export type { DetCurve, DetPoint } from "./detection/det-curve.ts";
export {
  type ComparedModel,
  compareModels,
  type ModelComparison,
  type ModelPair,
} from "./keyword/compare-models.ts";

// The challenge: a recording with the truth about its commands.
export { type ChallengeTruth, type CommandInterval, readChallengeTruth } from "./challenge/truth.ts";
export type { FrameLabel, LabelledRun, Labeller, RunTiming } from "./challenge/labeller.ts";
export { createDetectorLabeller } from "./challenge/detector-labeller.ts";
export {
  type ChallengeMode,
  type ChallengeOptions,
  type ChallengeResult,
  evaluateChallenge,
} from "./challenge/evaluation.ts";

export type { Confusion } from "./statistics/confusion.ts";
export type { LookAheadPoint } from "./challenge/look-ahead.ts";

// Conversations: synthesized recordings with commands in them.
export {
  type Conversation,
  type ConversationOptions,
  makeConversations,
} from "./conversation/conversation.ts";
export {
  type ChallengeClip,
  type ClipResult,
  type ClipsSummary,
  evaluateClips,
  summarizeClips,
} from "./conversation/evaluate-clips.ts";

// Samples with a name, and progress of long work.
export type { NamedSamples } from "@callsign/data/internal";
export type { Progress } from "@callsign/infer";

// Intervals of counted rates.
export { type Interval, poissonInterval, wilsonInterval } from "./statistics/confidence-interval.ts";
