import { LIKE_A_PHRASE } from "@callsign/data/internal";
import { sigmoid } from "@callsign/eval/internal";
import { type DecisionTiming, sustainedScores } from "@callsign/infer/internal";
import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";

import type { ShardTable } from "../shards/shard-table.ts";
import type { WindowColumns } from "../shards/window-table.ts";

/** Scores of one label over the consecutive windows of one clip. */
export interface ScoredClip {
  /** Highest threshold at which each window can be a detection: the lowest of its last `patience` scores. */
  readonly sustained: Float32Array;
  /** Index of the phrase near each window, from 0; -1 for none. Undefined for a clip without phrases. */
  readonly phrase: Int32Array | undefined;
  /** Contribution of one false accept in it to the false accepts per hour; 0 if false accepts are not counted in it. */
  readonly perHour: number;
}

/** Scores of one label over the clips of the validation split. */
export interface ScoredStream {
  readonly clips: readonly ScoredClip[];
  readonly phrases: number;
  /** Milliseconds from one window to the next. */
  readonly hopMs: number;
  readonly hours: RateHours;
}

/** Hours of audio without a phrase in which false accepts are counted. */
export interface RateHours {
  /** Kind of talk: people's only, if there are ten minutes of it; else synthetic, together with what there is of people's. */
  readonly talk: "people" | "synthetic";
  readonly talkHours: number;
  readonly noiseHours: number;
}

export interface StreamOptions {
  readonly label: number;
  readonly labels: number;
  readonly hopLength: number;
  readonly patience: DecisionTiming["patience"];
  /** Whether the windows of positive clips are consecutive; those of sliding audio are drawn around the phrase. */
  readonly positivesAreStreams: boolean;
}

/** Minimum hours of people's speech for a threshold to be chosen on it alone: ten minutes. */
const MIN_PEOPLE_HOURS = 1 / 6;

type Use = "people" | "synthetic" | "noise" | "phrases" | "none";

const USES: Readonly<Record<string, Use>> = {
  corpus: "people",
  recording: "people",
  noise: "noise",
  positive: "phrases",
};

/**
 * Makes the stream of one label from scored shards. False accepts in talk and in noise are each counted per hour of their own
 * kind, and the two rates are added, so that the sum does not depend on the amount of noise. Talk is people's (corpora and
 * recordings) if there are ten minutes of it, since synthetic voices are easier or harder than people by an unknown factor.
 * Clips made to resemble a phrase are left out, since they are far more frequent here than in use.
 */
export function scoredStream(
  scored: readonly { readonly table: ShardTable; readonly logits: Float32Array }[],
  options: StreamOptions,
): ScoredStream {
  const { label, labels, hopLength, patience, positivesAreStreams } = options;
  const hopMs = (hopLength * 1000) / SAMPLE_RATE_HZ;
  const useOf = ({ kind }: ShardTable): Use =>
    LIKE_A_PHRASE.has(kind) || (kind === "positive" && !positivesAreStreams)
      ? "none"
      : (USES[kind] ?? "synthetic");
  const steps = { people: 0, synthetic: 0, noise: 0, phrases: 0, none: 0 };
  const clips: (Omit<ScoredClip, "perHour"> & { readonly use: Use })[] = [];
  let phrases = 0;
  for (const { table, logits } of scored) {
    const use = useOf(table);
    if (use === "none") continue;
    const columns = table.windows.columns();
    for (const [from, to] of table.windows.clipRanges()) {
      const scores = Float32Array.from({ length: to - from }, (_, i) =>
        sigmoid(logits[(from + i) * labels + label]!),
      );
      const { phrase, count } = phrasesIn(columns, { from, to, label, first: phrases });
      phrases += count;
      steps[use] += phrase ? phrase.filter((which) => which < 0).length : scores.length;
      clips.push({ sustained: sustainedScores(scores, patience), phrase, use });
    }
  }
  const hoursOf = (use: Use): number => (steps[use] * hopMs) / 3_600_000;
  const talk = hoursOf("people") >= MIN_PEOPLE_HOURS ? "people" : "synthetic";
  // Less than ten minutes of people's speech is counted together with synthetic speech.
  const talkHours = talk === "people" ? hoursOf("people") : hoursOf("synthetic") + hoursOf("people");
  const noiseHours = hoursOf("noise");
  const perHourOf = (use: Use): number => {
    if (use === "noise") return 1 / noiseHours;
    return use === "people" || (use === "synthetic" && talk === "synthetic") ? 1 / talkHours : 0;
  };
  return {
    clips: clips.map(({ use, ...clip }) => ({ ...clip, perHour: perHourOf(use) })),
    phrases,
    hopMs,
    hours: { talk, talkHours, noiseHours },
  };
}

function phrasesIn(
  { label: near, heard }: WindowColumns,
  { from, to, label, first }: { from: number; to: number; label: number; first: number },
): { readonly phrase: Int32Array | undefined; readonly count: number } {
  if (!near.subarray(from, to).includes(label)) return { phrase: undefined, count: 0 };
  const phrase = new Int32Array(to - from).fill(-1);
  let count = 0;
  for (let i = from; i < to; i++) {
    if (near[i] !== label) continue;
    const goesOn = i > from && near[i - 1] === label && heard[i]! >= heard[i - 1]!;
    if (!goesOn) count++;
    phrase[i - from] = first + count - 1;
  }
  return { phrase, count };
}
