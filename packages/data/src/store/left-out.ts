import type { RejectionCounts } from "../voices/quality/quality-check.ts";

/** Reason why a recording, or a part of it, is not used. */
export type LeftOutReason =
  | "unreadable"
  | "damaged"
  | "too-short"
  | "too-long"
  | "no-speech"
  | "with-phrase"
  | "duplicate"
  | "excluded";

/** Recordings of a set that were left out for one reason, the first ones by name. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  readonly count: number;
  readonly examples: readonly string[];
}

/** Counts what is left out, and keeps the first names. */
export class LeftOutTally {
  readonly #byReason = new Map<LeftOutReason, { count: number; examples: string[] }>();

  add(reason: LeftOutReason, place: string): void {
    const entry = this.#byReason.get(reason) ?? { count: 0, examples: [] };
    this.#byReason.set(reason, entry);
    entry.count++;
    if (entry.examples.length < MAX_EXAMPLES) entry.examples.push(place);
  }

  summary(): LeftOut[] {
    return [...this.#byReason].map(([reason, entry]) => ({ reason, ...entry }));
  }
}

/** Names kept per reason; the count is of all. */
const MAX_EXAMPLES = 20;

/** Losses of a set, as its summary has them. */
export interface SetLosses {
  readonly id: string;
  readonly attempts?: number;
  readonly rejected?: Partial<RejectionCounts>;
  readonly leftOut?: readonly LeftOut[];
}

/** Lines that list what was left out of a build's sets, one for each set and reason with the first names below. */
export function describeLeftOut(
  sets: readonly SetLosses[],
  { examples = 3 }: { readonly examples?: number } = {},
): string[] {
  return sets.flatMap(({ id, attempts, rejected = {}, leftOut = [] }) => {
    const turnedDown = Object.entries(rejected).filter(([, count]) => count > 0);
    const total = turnedDown.reduce((sum, [, count]) => sum + count, 0);
    const counts = turnedDown.map(([reason, count]) => `${count} ${reason}`).join(", ");
    return [
      ...(total > 0
        ? [`${id}: ${total} of ${attempts ?? total} synthesized draws rejected and drawn again: ${counts}`]
        : []),
      ...leftOut.flatMap(({ reason, count, examples: named }) => [
        `${id}: ${count} ${REASONS[reason]}`,
        ...named.slice(0, examples).map((name) => `  ${name}`),
        ...(count > Math.min(examples, named.length)
          ? [`  and ${count - Math.min(examples, named.length)} more`]
          : []),
      ]),
    ];
  });
}

/** The same in a few words, for a cell of a table. */
export function summarizeLeftOut({ rejected = {}, leftOut = [] }: Omit<SetLosses, "id">): string {
  const parts = [
    ...Object.entries(rejected).map(([reason, count]) => ({ reason, count })),
    ...leftOut.map(({ reason, count }) => ({ reason, count })),
  ].filter(({ count }) => count > 0);
  return parts.map(({ reason, count }) => `${count} ${reason}`).join(", ") || "none";
}

const REASONS: Readonly<Record<LeftOutReason, string>> = {
  unreadable: "cannot be read",
  damaged: "damaged and read in part",
  "too-short": "too short",
  "too-long": "too long for a recording of a phrase",
  "no-speech": "without speech",
  "with-phrase": "in which a phrase is said",
  duplicate: "the same as one before",
  excluded: "named by exclude",
};
