import { join } from "node:path";
import { toMagnitudes } from "@callsign/audio/internal";
import type { ModelCard } from "@callsign/infer/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";
import type { ChallengeMode, ChallengeResult } from "../evaluation.ts";
import { renderChallengeReport } from "./report-page.ts";
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
import { type WaveformEnvelope, waveformEnvelope } from "../../report/charts/waveform-envelope.ts";

/** The content of a challenge run's `report.json`; `report.html` is drawn from it alone. A key may be added; a change of meaning is a new `schemaVersion`. */
export interface ChallengeReport {
  readonly schemaVersion: 1;
  readonly kind: "challenge";
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly tool: { readonly name: "callsign"; readonly version: string; readonly gitCommit?: string };
  readonly mode: ChallengeMode;
  /** The command line, to run it again; null where it was no command. */
  readonly command: string | null;
  readonly machine: MachineFacts;
  readonly clip: {
    readonly name: string;
    readonly samples: number;
    /** Those the figures are of, from the clip's start. */
    readonly samplesScored: number;
    /** sha256 of its int16 samples, little-endian. */
    readonly sha256: string;
    /** True for the challenge's own clip. */
    readonly isPublished: boolean;
  };
  readonly truth: ChallengeTruth;
  readonly model: ModelCard | null;
  readonly result: ChallengeResult;
  /** Of the published detector: of just as many samples where they are known, else of the whole challenge clip. */
  readonly published: PublishedFigures;
  readonly frames: {
    readonly threshold: number | null;
    /** 0 mute, 1 broadcast. */
    readonly labels: readonly number[];
    /** Null where the labeller keeps none. */
    readonly scores: readonly (number | null)[];
    /** When each was emitted, in milliseconds since the first was due. Null offline. */
    readonly emittedMs: readonly number[] | null;
    /** Labelled minus emitted. Null offline. */
    readonly overrunsMs: readonly number[] | null;
  };
  /** Scores by the delay of the outgoing audio, where they were asked for. */
  readonly lookAhead?: readonly LookAheadPoint[];
  /** Of the samples scored, in int16 magnitudes. */
  readonly waveform: WaveformEnvelope;
}

export interface ChallengeReportParts {
  readonly mode: ChallengeMode;
  readonly result: ChallengeResult;
  readonly run: LabelledRun;
  readonly samples: Float32Array;
  readonly truth: ChallengeTruth;
  readonly threshold: number | null;
  /** As the reader should see it: a file's name rather than its whole path. */
  readonly clipName: string;
  readonly model: ModelCard | null;
  readonly lookAhead?: readonly LookAheadPoint[];
  readonly command: string | null;
  readonly machine: MachineFacts;
  readonly tool: ChallengeReport["tool"];
  readonly createdAt: Date;
}

/** Gathers what a report says. */
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

/** Writes `report.json` and `report.html` into a folder, each in one step. @throws CallsignError `FILE_WRITE_FAILED`, `ABORTED` */
export async function writeChallengeReport(
  folder: string,
  report: ChallengeReport,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly jsonPath: string; readonly htmlPath: string }> {
  const jsonPath = join(folder, "report.json");
  const htmlPath = join(folder, "report.html");
  await writeFileAtomic(jsonPath, `${JSON.stringify(report)}\n`, options);
  await writeFileAtomic(htmlPath, renderChallengeReport(report), options);
  return { jsonPath, htmlPath };
}

/** More than a wide chart has pixels for, fewer than make the file heavy. */
const WAVEFORM_COLUMNS = 1000;

/** Milliseconds, to the microsecond. */
const toMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;
