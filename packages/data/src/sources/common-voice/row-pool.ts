import type { ClipRow } from "./clip-row.ts";
import type { ClipSelection } from "./selection.ts";

/** The next rows in the seeded order, out of a table too long to hold. */
export interface RowPool {
  /** In the seeded order. */
  readonly rows: ClipRow[];
  /** Pass it on to get the rows after these; undefined when there are none. */
  readonly next: number | undefined;
}

/** Rows kept at a time: enough that one pass over the table mostly does, little enough for any memory. */
const POOL_SIZE = 20_000;

/**
 * One pass over a table: of the rows that suit, the first `size` in the seeded order that come after `after`. Memory
 * stays within twice `size` rows however long the table is, and the result does not depend on the table's order.
 */
export async function poolRows(
  table: AsyncIterable<ClipRow>,
  {
    selection,
    after = -1,
    size = POOL_SIZE,
  }: { selection: ClipSelection; after?: number | undefined; size?: number },
): Promise<RowPool> {
  let kept: Ranked[] = [];
  let cut = false;
  const trim = (): void => {
    kept.sort((a, b) => a.priority - b.priority || (a.row.clip < b.row.clip ? -1 : 1));
    if (kept.length <= size) return;
    kept = kept.slice(0, size);
    cut = true;
  };
  for await (const row of table) {
    if (!selection.suits(row)) continue;
    const priority = selection.priority(row);
    if (priority <= after) continue;
    kept.push({ row, priority });
    if (kept.length >= 2 * size) trim();
  }
  trim();
  return { rows: kept.map(({ row }) => row), next: cut ? kept.at(-1)?.priority : undefined };
}

interface Ranked {
  readonly row: ClipRow;
  readonly priority: number;
}
