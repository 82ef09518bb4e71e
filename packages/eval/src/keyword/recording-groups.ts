import { detectionsAt } from "../detection/score-track.ts";
import { hoursOf, type ScoredRecording } from "../recordings/score-recordings.ts";
import { type Interval, poissonInterval, wilsonInterval } from "../statistics/confidence-interval.ts";

/** One group of recordings of the word. */
export interface HitGroup {
  readonly group: string;
  readonly recordings: number;
  readonly misses: number;
  readonly falseRejectRate: number;
  readonly interval: Interval;
}

/** One group of recordings without the word. */
export interface FalseAcceptGroup {
  readonly group: string;
  readonly recordings: number;
  readonly hours: number;
  readonly falseAccepts: number;
  readonly falseAcceptsPerHour: number;
  readonly interval: Interval;
}

/** Misses of recordings of the word by group; recordings without a group are left out. */
export function hitGroups(
  positives: readonly ScoredRecording[],
  heard: readonly boolean[],
  keyOf: (scored: ScoredRecording) => string | undefined,
): HitGroup[] {
  const counts = new Map<string, { recordings: number; misses: number }>();
  for (const [i, scored] of positives.entries()) {
    const key = keyOf(scored);
    if (key === undefined) continue;
    const count = counts.get(key) ?? { recordings: 0, misses: 0 };
    count.recordings++;
    if (!heard[i]) count.misses++;
    counts.set(key, count);
  }
  return [...counts]
    .map(([group, { recordings, misses }]) => ({
      group,
      recordings,
      misses,
      falseRejectRate: misses / recordings,
      interval: wilsonInterval(misses, recordings),
    }))
    .toSorted(
      (a, b) => rankOf(a.group) - rankOf(b.group) || a.group.localeCompare(b.group, "en", { numeric: true }),
    );
}

/** Sort key that puts the open ranges of `snrGroup` first and last. */
const rankOf = (group: string): number => (group === "below 10 dB" ? -1 : group === "from 50 dB" ? 1 : 0);

/** Group by speech-to-noise ratio: as mixed, or in ranges of 10 dB as recorded. */
export function snrGroup({ snrDb, mixedSnrDb }: ScoredRecording["staged"]): string {
  if (mixedSnrDb !== undefined) return `${Math.round(10 * mixedSnrDb) / 10} dB`;
  if (snrDb === undefined) return "not known";
  if (snrDb < 10) return "below 10 dB";
  const from = Math.floor(snrDb / 10) * 10;
  return from >= 50 ? "from 50 dB" : `${from} to ${from + 10} dB`;
}

/** False accepts of recordings without the word by folder. */
export function falseAcceptGroups(
  negatives: readonly ScoredRecording[],
  at: Parameters<typeof detectionsAt>[1],
): FalseAcceptGroup[] {
  const groups = [...new Set(negatives.map(({ recording }) => recording.source))];
  return groups.map((group) => {
    const members = negatives.filter(({ recording }) => recording.source === group);
    const hours = hoursOf(members);
    const falseAccepts = members.reduce((sum, { track }) => sum + detectionsAt(track, at).length, 0);
    return {
      group,
      recordings: members.length,
      hours,
      falseAccepts,
      falseAcceptsPerHour: falseAccepts / hours,
      interval: poissonInterval(falseAccepts, hours),
    };
  });
}
