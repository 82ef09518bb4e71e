import {
  type LabelPolicy,
  NEGATIVE,
  outcomeOf,
  type ShardWindows,
  unpackWindows,
  windowCount,
} from "@callsign/data/internal";

/** Windows of one outcome: a list that is not stored where nearly all windows belong to it. */
export interface WindowSelection {
  readonly length: number;
  /** The window at a place of the list, ascending. */
  at(place: number): number;
}

/** One value a window, for those who read all windows of a shard. */
export interface WindowColumns {
  /** Training target of each window: a label's index, `NEGATIVE` or `IGNORED`. */
  readonly outcome: Int8Array;
  /** Index of the label near each window, -1 for none, regardless of the label policy. */
  readonly label: Int32Array;
  readonly heard: Float32Array;
  readonly clip: Int32Array;
}

/** Windows of one shard and their training targets, in memory that grows with clips and phrases and not with windows. */
export class WindowTable {
  readonly length: number;
  readonly #windows: ShardWindows;
  /** First window of each clip. */
  readonly #starts: Int32Array;
  readonly #nearOutcome: Int8Array;

  constructor(windows: ShardWindows, policy: LabelPolicy) {
    this.#windows = windows;
    this.length = windowCount(windows);
    this.#starts = new Int32Array(windows.clipWindows.length);
    for (let clip = 1; clip < this.#starts.length; clip++)
      this.#starts[clip] = this.#starts[clip - 1]! + windows.clipWindows[clip - 1]!;
    const { nearLabel, nearHeard, nearSinceEnd } = windows;
    this.#nearOutcome = Int8Array.from(nearLabel, (label, i) =>
      outcomeOf({ label, heard: nearHeard[i]!, sinceEnd: nearSinceEnd[i]! }, policy),
    );
  }

  /** Last row that a window reads. */
  rowOf(window: number): number {
    const clip = this.clipOf(window);
    return this.#windows.clipRow[clip]! + window - this.#starts[clip]!;
  }

  /** Index of the clip of a window. */
  clipOf(window: number): number {
    // The last of those that start there: clips without windows start where the next one does.
    return lastAtMost(this.#starts, window);
  }

  /** First window of each clip that has any, and the one after its last. */
  clipRanges(): [number, number][] {
    return Array.from(this.#windows.clipWindows, (count, clip): [number, number] => [
      this.#starts[clip]!,
      this.#starts[clip]! + count,
    ]).filter(([from, to]) => to > from);
  }

  select(outcome: number): WindowSelection {
    const { nearWindow } = this.#windows;
    if (outcome !== NEGATIVE) {
      const windows = nearWindow.filter((_, i) => this.#nearOutcome[i] === outcome);
      return { length: windows.length, at: (place) => windows[place]! };
    }
    const others = nearWindow.filter((_, i) => this.#nearOutcome[i] !== NEGATIVE);
    // Number of negatives before each window that is none: the place of a negative tells how many of those are before it.
    const before = others.map((window, i) => window - i);
    return {
      length: this.length - others.length,
      at: (place) => place + lastAtMost(before, place) + 1,
    };
  }

  columns(): WindowColumns {
    const { label, heard, clip } = unpackWindows(this.#windows);
    const outcome = new Int8Array(this.length).fill(NEGATIVE);
    for (const [i, window] of this.#windows.nearWindow.entries()) outcome[window] = this.#nearOutcome[i]!;
    return { outcome, label, heard, clip };
  }
}

/** Index of the last value, in ascending order, that is at most `limit`; -1 if there is none. */
export function lastAtMost(values: ArrayLike<number>, limit: number): number {
  let [low, high] = [-1, values.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle]! <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
