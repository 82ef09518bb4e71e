import { CallsignError } from "@callsign/audio/internal";

/**
 * Windows of a shard in the form of the file. The windows of a clip are consecutive, and most windows are near no phrase, so a
 * few numbers a clip say everything: 15,000 hours are 675 million windows, and 6 million clips.
 */
export interface ShardWindows {
  /** Number of windows of each clip. */
  readonly clipWindows: Int32Array;
  /** Last row of the first window of each clip; each following window ends a row later. */
  readonly clipRow: Int32Array;
  /** Windows near a phrase, ascending. */
  readonly nearWindow: Int32Array;
  /** Label, share heard and samples since the end of the phrase for each of these windows. */
  readonly nearLabel: Int32Array;
  readonly nearHeard: Float32Array;
  readonly nearSinceEnd: Int32Array;
}

/** One value a window. */
export interface WindowColumns {
  readonly windowEnd: Int32Array;
  readonly label: Int32Array;
  readonly heard: Float32Array;
  readonly sinceEnd: Int32Array;
  readonly clip: Int32Array;
}

/** Types of the arrays in a file. */
export const WINDOW_TENSORS = {
  clipWindows: "I32",
  clipRow: "I32",
  nearWindow: "I32",
  nearLabel: "I32",
  nearHeard: "F32",
  nearSinceEnd: "I32",
} as const satisfies Record<keyof ShardWindows, "I32" | "F32">;

/** @throws CallsignError `INVALID_ARGUMENT` */
export function packWindows(columns: WindowColumns, { clips }: { readonly clips: number }): ShardWindows {
  const { windowEnd, label, heard, sinceEnd, clip } = columns;
  const count = windowEnd.length;
  const fail = (problem: string): CallsignError => new CallsignError("INVALID_ARGUMENT", `shard: ${problem}`);
  if ([label, heard, sinceEnd, clip].some(({ length }) => length !== count))
    throw fail(`expected ${count} windows in every array, got arrays of different lengths`);
  const clipWindows = new Int32Array(clips);
  const clipRow = new Int32Array(clips);
  for (let i = 0; i < count; i++) {
    const of = clip[i]!;
    if (of < 0 || of >= clips || (i > 0 && of < clip[i - 1]!))
      throw fail(`window ${i} names clip ${of}, expected clips 0 to ${clips - 1} in order`);
    if (clipWindows[of] === 0) clipRow[of] = windowEnd[i]!;
    if (windowEnd[i] !== clipRow[of]! + clipWindows[of]!)
      throw fail(
        `window ${i} ends at row ${windowEnd[i]}, expected ${clipRow[of]! + clipWindows[of]!}, the next row of its clip`,
      );
    clipWindows[of]!++;
  }
  const near = Int32Array.from(label.keys()).filter((i) => label[i]! >= 0);
  return {
    clipWindows,
    clipRow,
    nearWindow: near,
    nearLabel: near.map((i) => label[i]!),
    nearHeard: Float32Array.from(near, (i) => heard[i]!),
    nearSinceEnd: near.map((i) => sinceEnd[i]!),
  };
}

/** The inverse of `packWindows`. */
export function unpackWindows(windows: ShardWindows): WindowColumns {
  const count = windowCount(windows);
  const columns = {
    windowEnd: new Int32Array(count),
    label: new Int32Array(count).fill(-1),
    heard: new Float32Array(count),
    sinceEnd: new Int32Array(count).fill(-1),
    clip: new Int32Array(count),
  };
  let window = 0;
  for (const [clip, size] of windows.clipWindows.entries())
    for (let i = 0; i < size; i++, window++) {
      columns.windowEnd[window] = windows.clipRow[clip]! + i;
      columns.clip[window] = clip;
    }
  for (const [i, near] of windows.nearWindow.entries()) {
    columns.label[near] = windows.nearLabel[i]!;
    columns.heard[near] = windows.nearHeard[i]!;
    columns.sinceEnd[near] = windows.nearSinceEnd[i]!;
  }
  return columns;
}

export const windowCount = ({ clipWindows }: Pick<ShardWindows, "clipWindows">): number =>
  clipWindows.reduce((sum, count) => sum + count, 0);

/** First problem of windows read from a file. */
export function findWindowProblem(
  windows: ShardWindows,
  size: { readonly rows: number; readonly labels: number; readonly embeddingsPerWindow: number },
): string | undefined {
  const { clipWindows, clipRow, nearWindow, nearLabel, nearHeard, nearSinceEnd } = windows;
  if (
    clipRow.length !== clipWindows.length ||
    [nearLabel, nearHeard, nearSinceEnd].some((of) => of.length !== nearWindow.length)
  )
    return "arrays of different lengths";
  const first = size.embeddingsPerWindow - 1;
  for (const [clip, count] of clipWindows.entries()) {
    if (count < 0) return `clip ${clip} has ${count} windows`;
    const [from, to] = [clipRow[clip]!, clipRow[clip]! + count - 1];
    if (count > 0 && (from < first || to >= size.rows))
      return `windows of clip ${clip} end at rows ${from} to ${to}, expected ${first} to ${size.rows - 1}`;
  }
  const count = windowCount(windows);
  for (const [i, window] of nearWindow.entries()) {
    if (window <= (nearWindow[i - 1] ?? -1) || window >= count)
      return `window ${window} is near a phrase, expected windows of ${count} in order`;
    if (nearLabel[i]! < 0 || nearLabel[i]! >= size.labels)
      return `window ${window} has label ${nearLabel[i]}, of ${size.labels}`;
    if (!(nearHeard[i]! >= 0 && nearHeard[i]! <= 1)) return `window ${window} has heard ${nearHeard[i]}`;
  }
  return undefined;
}
