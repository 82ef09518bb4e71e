import type { RejectionCounts } from "../synthesis/quality-gate.ts";

/** Why a recording, or a part of it, is not used. */
export type LeftOutReason =
  | "unreadable"
  | "damaged"
  | "too-short"
  | "too-long"
  | "no-speech"
  | "with-phrase"
  | "duplicate"
  | "excluded";

/** What was left out of a set for one reason, the first of it by name. */
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

/** Names in the index; the count is of all. */
const MAX_EXAMPLES = 20;

/** What a set's summary says of what it lacks. */
export interface SetLosses {
  readonly id: string;
  readonly attempts?: number;
  readonly rejected?: Partial<RejectionCounts>;
  readonly leftOut?: readonly LeftOut[];
}

/** Everything left out of a build's sets, a line for each set and reason with its first names below; none where nothing was. */
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
