import { CallsignError } from "@callsign/audio/internal";
import { type Attempt, type ClipRequest, type MadeClip, makeAttempt } from "./make-clip.ts";
import type { AttemptInput } from "./open-attempts.ts";
import type { SaidSounds } from "./draw-sounds.ts";
import type { UtteranceDraw, WeightedEngine } from "./draw-utterance.ts";
import { type QualityLimits, type Rejection, type RejectionCounts } from "./quality/quality-check.ts";
import type { WordSounds } from "../text/word-sounds.ts";
import type { WorkerPool } from "../workers/pool.ts";
import type { VoiceParameters } from "./speech-engine.ts";

/** An accepted clip with its text and voice. */
export interface SynthesizedClip extends MadeClip {
  readonly index: number;
  readonly text: string;
  readonly voice: VoiceParameters;
  /** Licence of the engine and its voices. */
  readonly licence: string;
  /** Pronunciations used for the words that have several. */
  readonly sounds: SaidSounds;
  /** Number of draws needed. */
  readonly attempts: number;
}

/** Event of each clip: progress of the stage and rejections so far. */
export interface SynthesisEvent {
  readonly clip: SynthesizedClip;
  readonly done: number;
  readonly total: number;
  readonly attempts: number;
  readonly rejected: RejectionCounts;
}

/** Text of a clip, and the voices that may speak it. */
export interface Turn extends Pick<UtteranceDraw, "voices" | "voicePool"> {
  readonly text: string;
  /** Voice of the first attempt. Default: drawn. */
  readonly voiceInTurn?: VoiceParameters | undefined;
}

/** Texts, voices and limits of a synthesis. */
export interface SynthesisPlan {
  /** Text and voices of clip `index`. */
  readonly turn: (index: number) => Turn;
  /** Pronunciations of some of the texts' words; each clip uses one per word, drawn by weight. */
  readonly sounds?: WordSounds;
  readonly count: number;
  readonly seed: string | number;
  /** Not used with `pool`. */
  readonly engines: readonly WeightedEngine[];
  readonly limits?: QualityLimits;
  /** Draws per clip before the stage fails. Default 10. */
  readonly mostAttempts?: number;
  /** Share of draws that may be rejected before the stage fails, once 50 were made. Default 0.3. */
  readonly mostRejectedShare?: number;
  /** Clips made at once. Default 1. The clips and their order do not depend on it. */
  readonly concurrency?: number;
  /** State of an earlier run to continue from. */
  readonly resumeAfter?: SynthesisState;
  /** Threads that make the attempts, with engines of their own; give `concurrency` twice their number. Default: this thread. */
  readonly pool?: Pick<WorkerPool<"synthesis">, "run" | "prepare">;
  readonly signal?: AbortSignal;
}

/** State of an interrupted run that later clips depend on. */
export interface SynthesisState {
  /** Number of clips accepted. */
  readonly done: number;
  /** Content hashes of the clips accepted; those of new clips are added. */
  readonly contentHashes: Set<string>;
  readonly attempts: number;
  readonly rejected: RejectionCounts;
}

/**
 * Synthesizes clips, each drawn anew until it passes the quality check and is no duplicate, and yields them in order.
 * Clip `i` depends on the plan and on the content of the clips before it, never on timing.
 * @throws CallsignError `SYNTHESIS_REJECTED` when too many draws are rejected, or one clip cannot be made at all;
 *   `INVALID_ARGUMENT`, `DEPENDENCY_MISSING`, `ABORTED`
 */
export async function* synthesizeClips(plan: SynthesisPlan): AsyncGenerator<SynthesisEvent, void, undefined> {
  checkPlan(plan);
  const tally = new Tally(plan);
  const { make, settle } = startAhead(plan, tally.done);
  try {
    while (tally.done < plan.count) {
      const clip = await acceptClip(plan, { index: tally.done, first: make(tally.done), tally });
      yield { clip, ...tally.progress(plan.count) };
    }
  } finally {
    await settle();
  }
}

function checkPlan({ count, engines, pool, concurrency = 1 }: SynthesisPlan): void {
  const problem =
    (!(Number.isInteger(count) && count >= 0) && `a whole number of clips, got ${count};`) ||
    (engines.length === 0 && pool === undefined && "at least one engine") ||
    (!(Number.isInteger(concurrency) && concurrency >= 1) &&
      `a concurrency of 1 or more, got ${concurrency};`);
  if (problem)
    throw new CallsignError("INVALID_ARGUMENT", `synthesis: expected ${problem}, got a plan without`);
}

/** Keeps the first attempts of the next clips going; later attempts wait until it is known that they are needed. */
function startAhead(plan: SynthesisPlan, from: number) {
  const started = new Map<number, Promise<Attempt>>();
  let next = from;
  const make = (index: number): Promise<Attempt> => {
    for (; next < plan.count && next < index + (plan.concurrency ?? 1); next++) {
      const attempt = runAttempt(plan, { index: next, attempt: 0 });
      // A failure is reported when the clip's turn comes; until then it must not count as unhandled.
      attempt.catch(() => undefined);
      started.set(next, attempt);
    }
    const first = started.get(index)!;
    started.delete(index);
    return first;
  };
  const settle = async (): Promise<void> => void (await Promise.allSettled(started.values()));
  return { make, settle };
}

function runAttempt(
  plan: SynthesisPlan,
  { index, attempt }: { index: number; attempt: number },
): Promise<Attempt> {
  if (plan.signal?.aborted)
    throw new CallsignError("ABORTED", "synthesis: stopped", { cause: plan.signal.reason });
  const { engines, signal, pool } = plan;
  const request = requestOf(plan, index);
  if (pool === undefined) return makeAttempt({ ...request, engines, signal }, attempt);
  return pool.run(withoutUnusedVoices({ request, attempt }), signal);
}

/** An attempt for a thread. The first one with given voices has its voice already, so the whole list is not sent. */
export const withoutUnusedVoices = ({ request, attempt }: AttemptInput): AttemptInput =>
  attempt === 0 && request.voiceInTurn !== undefined
    ? { request: { ...request, voices: undefined }, attempt }
    : { request, attempt };

const requestOf = (
  { seed, limits, sounds, turn }: Texts,
  index: number,
): Omit<ClipRequest, "engines" | "signal"> => ({ seed, limits, index, sounds, ...turn(index) });

type Texts = Pick<SynthesisPlan, "seed" | "limits" | "sounds" | "turn">;

/** First attempts at clips, for `WorkerPool.prepare`. */
export function* firstAttempts(
  texts: Texts,
  { from, to }: { readonly from: number; readonly to: number },
): Generator<AttemptInput> {
  for (let index = from; index < to; index++) yield { request: requestOf(texts, index), attempt: 0 };
}

interface Accepting {
  readonly index: number;
  readonly first: Promise<Attempt>;
  readonly tally: Tally;
}

async function acceptClip(plan: SynthesisPlan, { index, first, tally }: Accepting): Promise<SynthesizedClip> {
  const { text } = plan.turn(index);
  const reasons: string[] = [];
  for (let attempt = 0; attempt < (plan.mostAttempts ?? 10); attempt++) {
    const { voice, licence, sounds, result } = await (attempt === 0
      ? first
      : runAttempt(plan, { index, attempt }));
    if ("rejection" in result) {
      reasons.push(`${result.rejection} (${voice.voice}: ${result.detail})`);
      tally.reject(result.rejection);
    } else if (tally.accept(result.contentHash)) {
      return { ...result, index, text, voice, licence, sounds, attempts: attempt + 1 };
    } else {
      reasons.push(`duplicate (${voice.voice})`);
      tally.reject("duplicate");
    }
  }
  throw new CallsignError(
    "SYNTHESIS_REJECTED",
    `synthesis: no usable clip of ${JSON.stringify(text)} in ${reasons.length} draws: ${reasons.slice(0, 3).join("; ")}; ` +
      "change the text, the engines or the limits",
  );
}

/** Counts of accepted and rejected draws, in the order of the clips. */
class Tally {
  done: number;
  attempts: number;
  readonly #hashes: Set<string>;
  readonly #rejected: Record<Rejection, number>;
  readonly #mostShare: number;

  constructor({ resumeAfter, mostRejectedShare = 0.3 }: SynthesisPlan) {
    this.done = resumeAfter?.done ?? 0;
    this.attempts = resumeAfter?.attempts ?? 0;
    this.#hashes = resumeAfter?.contentHashes ?? new Set();
    this.#rejected = { ...NONE_REJECTED, ...resumeAfter?.rejected };
    this.#mostShare = mostRejectedShare;
  }

  /** False for a duplicate, which is then not counted as done. */
  accept(contentHash: string): boolean {
    if (this.#hashes.has(contentHash)) return false;
    this.#hashes.add(contentHash);
    this.attempts++;
    this.done++;
    return true;
  }

  /** @throws CallsignError `SYNTHESIS_REJECTED` above the share */
  reject(reason: Rejection): void {
    this.attempts++;
    this.#rejected[reason]++;
    const total = Object.values(this.#rejected).reduce((sum, count) => sum + count, 0);
    if (this.attempts < FEWEST_ATTEMPTS || total <= this.#mostShare * this.attempts) return;
    const counts = Object.entries(this.#rejected).filter(([, count]) => count > 0);
    throw new CallsignError(
      "SYNTHESIS_REJECTED",
      `synthesis: ${total} of ${this.attempts} draws rejected, more than ${this.#mostShare * 100} %: ` +
        `${counts.map(([name, count]) => `${name} ${count}`).join(", ")}; see which engine they come from, or raise the share`,
    );
  }

  progress(total: number) {
    return { done: this.done, total, attempts: this.attempts, rejected: { ...this.#rejected } };
  }
}

/** Smallest number of draws for which the share of rejections is checked. */
const FEWEST_ATTEMPTS = 50;

const NONE_REJECTED: RejectionCounts = {
  "engine-failed": 0,
  silent: 0,
  clipped: 0,
  "too-short": 0,
  "too-long": 0,
  "noise-like": 0,
  duplicate: 0,
};
