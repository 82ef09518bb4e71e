import { toMagnitudes } from "@callsign/audio/internal";
import type { ModelCard } from "@callsign/infer/internal";
import type { ChallengeMode, ChallengeResult } from "../evaluation.ts";
import type { ChallengeTruth } from "../truth.ts";
import { type LabelledRun, overrunsOf } from "../labeller.ts";
import type { LookAheadPoint } from "../look-ahead.ts";
import type { MachineFacts } from "../../report/machine-facts.ts";
import {
  hashPcm,
  isPublishedClip,
  type PublishedFigures,
  publishedFiguresFor,
} from "../published-challenge.ts";
import { type WaveformEnvelope, waveformEnvelope } from "../../report/charts/downsample.ts";

/** Content of a challenge run's `report.json`, from which `report.html` is made. Keys may be added; a change of meaning needs a new `schemaVersion`. */
export interface ChallengeReport {
  readonly schemaVersion: 1;
  readonly kind: "challenge";
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly tool: { readonly name: "callsign"; readonly version: string; readonly gitCommit?: string };
  readonly mode: ChallengeMode;
  /** Command line of the run; null if it was started from code. */
  readonly command: string | null;
  readonly machine: MachineFacts;
  readonly clip: {
    readonly name: string;
    readonly samples: number;
    /** Number of samples scored, from the clip's start. */
    readonly samplesScored: number;
    /** sha256 of its int16 samples, little-endian. */
    readonly sha256: string;
    /** True for the challenge's own clip. */
    readonly isPublished: boolean;
  };
  readonly truth: ChallengeTruth;
  readonly model: ModelCard | null;
  readonly result: ChallengeResult;
  /** Figures of the published detector: for the same number of samples if known, else for the whole challenge clip. */
  readonly published: PublishedFigures;
  readonly frames: {
    readonly threshold: number | null;
    /** 0 mute, 1 broadcast. */
    readonly labels: readonly number[];
    /** Null where the labeller has no score. */
    readonly scores: readonly (number | null)[];
    /** Emission time of each frame, in milliseconds since the first was due. Null offline. */
    readonly emittedMs: readonly number[] | null;
    /** Time from emission to label of each frame, in milliseconds. Null offline. */
    readonly overrunsMs: readonly number[] | null;
  };
  /** Scores by delay of the outgoing audio, if requested. */
  readonly lookAhead?: readonly LookAheadPoint[];
  /** Envelope of the scored samples, in int16 magnitudes. */
  readonly waveform: WaveformEnvelope;
}

export interface ChallengeReportParts {
  readonly mode: ChallengeMode;
  readonly result: ChallengeResult;
  readonly run: LabelledRun;
  readonly samples: Float32Array;
  readonly truth: ChallengeTruth;
  readonly threshold: number | null;
  /** Name shown in the report: the file's name, not its path. */
  readonly clipName: string;
  readonly model: ModelCard | null;
  readonly lookAhead?: readonly LookAheadPoint[];
  readonly command: string | null;
  readonly machine: MachineFacts;
  readonly tool: ChallengeReport["tool"];
  readonly createdAt: Date;
}

/** Builds the content of a report. */
export function makeChallengeReport(parts: ChallengeReportParts): ChallengeReport {
  const { run, samples, truth } = parts;
  const samplesScored = run.labels.length * run.frameLength;
  const isPublished = isPublishedClip(samples);
  return {
    schemaVersion: 1,
    kind: "challenge",
    createdAt: parts.createdAt.toISOString(),
    tool: parts.tool,
    mode: parts.mode,
    command: parts.command,
    machine: parts.machine,
    clip: {
      name: parts.clipName,
      samples: samples.length,
      samplesScored,
      sha256: hashPcm(samples),
      isPublished,
    },
    truth,
    model: parts.model,
    result: parts.result,
    published: publishedFiguresFor(samplesScored),
    frames: {
      threshold: parts.threshold,
      labels: [...run.labels],
      // Seven digits hold a float32 score; in full, 0.27 would read 0.27000001072883606.
      scores: Array.from(run.scores, (score) =>
        Number.isFinite(score) ? Number(score.toPrecision(7)) : null,
      ),
      emittedMs: run.timing && Array.from(run.timing.emittedMs, toMicroseconds),
      overrunsMs: run.timing && Array.from(overrunsOf(run.timing), toMicroseconds),
    },
    ...(parts.lookAhead && { lookAhead: parts.lookAhead }),
    waveform: waveformEnvelope(toMagnitudes(samples.subarray(0, samplesScored)), WAVEFORM_COLUMNS),
  };
}

/** Columns of the waveform: about the width of a wide chart in pixels. */
const WAVEFORM_COLUMNS = 1000;

/** Rounds milliseconds to whole microseconds. */
const toMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;
