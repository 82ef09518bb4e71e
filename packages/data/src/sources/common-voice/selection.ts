import { createHash } from "node:crypto";

import { createPhraseTest } from "../contains-phrase.ts";
import type { ClipRow } from "./clip-row.ts";

/** Which clips of a corpus are wanted. */
export interface SelectionRules {
  readonly count: number;
  readonly seed: string | number;
  readonly clipsPerSpeaker: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly language: string;
  /** Sentences in which one of these is said are left out. */
  readonly excludePhrases: readonly string[];
}

/**
 * Chooses clips as they come by and keeps the counts. A row is looked at three times: `suits` before anything is read,
 * `take` when its audio is about to be, `accept` once the audio's real length is known.
 */
export class ClipSelection {
  readonly #rules: SelectionRules;
  readonly #saysPhrase: (sentence: string) => boolean;
  readonly #bySpeaker = new Map<string, number>();
  readonly #withPhrase = new Set<string>();
  #accepted = 0;

  constructor(rules: SelectionRules) {
    this.#rules = rules;
    this.#saysPhrase = createPhraseTest(rules.excludePhrases);
  }

  /** How many clips are still wanted. */
  get remaining(): number {
    return this.#rules.count - this.#accepted;
  }

  /** Names of the clips that were turned down only because a phrase is said in them. */
  get withPhrase(): ReadonlySet<string> {
    return this.#withPhrase;
  }

  /** Whether a clip may be chosen as far as its row tells. */
  suits(row: ClipRow): boolean {
    const { language } = this.#rules;
    const suits =
      row.sentence.trim() !== "" &&
      (row.locale === "" || row.locale.toLowerCase() === language.toLowerCase()) &&
      (row.durationSeconds === undefined || this.#fits(row.durationSeconds));
    if (!suits || !this.#saysPhrase(row.sentence)) return suits;
    this.#withPhrase.add(row.clip);
    return false;
  }

  /**
   * Takes from the front of `queue` as many rows as are still wanted, no speaker more often than allowed. Taken rows
   * leave the queue, and so do those whose speaker has all their clips; those that only wait for the fate of others of
   * the same speaker stay.
   */
  take(queue: ClipRow[]): ClipRow[] {
    const taken: ClipRow[] = [];
    const waiting: ClipRow[] = [];
    const pending = new Map<string, number>();
    for (const row of queue) {
      const accepted = this.#bySpeaker.get(row.speaker) ?? 0;
      const withPending = accepted + (pending.get(row.speaker) ?? 0);
      if (accepted >= this.#rules.clipsPerSpeaker) continue;
      if (taken.length >= this.remaining || withPending >= this.#rules.clipsPerSpeaker) {
        waiting.push(row);
        continue;
      }
      taken.push(row);
      pending.set(row.speaker, (pending.get(row.speaker) ?? 0) + 1);
    }
    queue.splice(0, queue.length, ...waiting);
    return taken;
  }

  /** Whether the clip is used, now that its length is known; counts it if so. */
  accept(row: ClipRow, seconds: number): boolean {
    if (this.remaining <= 0 || !this.#fits(seconds)) return false;
    this.#accepted++;
    this.#bySpeaker.set(row.speaker, (this.#bySpeaker.get(row.speaker) ?? 0) + 1);
    return true;
  }

  /** A row's place in the seeded order: it depends on the seed and the clip's name, not on the layout or its neighbours. */
  priority(row: ClipRow): number {
    const digest = createHash("sha256").update(`common-voice\n${this.#rules.seed}\n${row.clip}`).digest();
    return digest.readUIntBE(0, 6);
  }

  #fits(seconds: number): boolean {
    return seconds >= this.#rules.minSeconds && seconds <= this.#rules.maxSeconds;
  }
}
