// Config of a build.
export { type DataConfig, type DataConfigInput, parseDataConfig } from "./config/config.ts";

// Builds: checked, planned, run, inspected.
export {
  BUILD_STAGES,
  type BuildContext,
  type BuildEnvironment,
  type BuildStage,
} from "./build/build-context.ts";
export { findBuildProblems, throwProblems } from "./build/check/check-build.ts";
export { type BuildPlan, planBuild, type PlannedSet } from "./build/plan-build.ts";
export { planTexts } from "./build/stages/texts.ts";
export type { SpokenSet } from "./build/stages/draw-texts.ts";
export { pullSources, type PulledSource } from "./build/stages/pull-sources.ts";
export { buildData } from "./build/build-data.ts";
export { type BuildReport, inspectBuild, sampleClips, type SplitSummary } from "./build/inspect-build.ts";
export type { ClipKind } from "./store/clip-set.ts";
export type { FeatureBlock, FeatureFile, FeatureOrigin } from "./features/feature-file.ts";
export type { ShardEntry } from "./features/write-shard.ts";
export type { BuildIndex, LicenceSummary, SetSummary } from "./build/build-index.ts";
export type { LeftOut, LeftOutReason } from "./store/left-out.ts";
export type { HubEnvironment } from "./sources/common-voice/common-voice.ts";

// Files of a build.
export { type ManifestClip, type Provenance, readManifest } from "./store/manifest.ts";
export { type FeatureShard, readShard, type ShardClip, type ShardMetadata } from "./features/shard.ts";

export type { Split } from "./split.ts";

// Warnings about phrases.
export { type PhraseConcern, phraseConcerns } from "./text/phrase-warnings.ts";
export type { Phonemes } from "./text/phonetics/phonemes.ts";
export { loadPronunciations, type Pronunciations } from "./text/phonetics/pronunciations.ts";

export type { WeightedSound } from "./text/phonetics/guess-sounds.ts";
export type { WordSounds } from "./text/word-sounds.ts";

// Voices.
export type { SaidSounds } from "./voices/draw-sounds.ts";
export type { SpeechEngine, Voice, VoiceParameters } from "./voices/speech-engine.ts";
export { createEspeakEngine, type EspeakOptions } from "./voices/engines/espeak/espeak.ts";
export { createFliteEngine, type FliteOptions } from "./voices/engines/flite.ts";
export { createGnuspeechEngine, type GnuspeechOptions } from "./voices/engines/gnuspeech/gnuspeech.ts";
export { createPicoEngine, type PicoOptions } from "./voices/engines/pico/pico.ts";
export { createVitsEngine, type VitsOptions } from "./voices/engines/vits/vits.ts";
export { createWaveglowEngine, type WaveglowOptions } from "./voices/engines/waveglow/waveglow.ts";

// Who builds, recorded in every artifact; progress of a build.
export { type ToolIdentity, toolIdentity } from "@callsign/infer/node/internal";
export type { Progress } from "@callsign/infer";

// Seeded randomness.
export { createRandom, type Random } from "./random.ts";
