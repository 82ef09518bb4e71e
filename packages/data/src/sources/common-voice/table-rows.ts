import { FaultTally } from "../files/fault-tally.ts";
import type { LayoutContext } from "./batch.ts";
import type { ClipRow } from "./clip-row.ts";
import type { ClipSelection } from "./selection.ts";
import { addDurations, readTranscript } from "./transcript.ts";

/** Tables that describe a subset. */
export interface Tables {
  readonly transcript: string;
  /** `clip_durations.tsv`, where the corpus has one. */
  readonly durations?: string | undefined;
}

/**
 * Suitable rows of a transcript, in pools in the seeded order, in bounded memory. The table is read again for
 * each pool; its faulty lines are counted and reported the first time. `only` restricts them to some clips.
 * @throws CallsignError TABLE_INVALID, TOO_MANY_FAULTS when too large a share of the lines is faulty
 */
export async function* pooledRows(
  tables: Tables,
  { only, ...context }: LayoutContext & { readonly only?: ReadonlySet<string> | undefined },
): AsyncGenerator<ClipRow[]> {
  const { selection, signal } = context;
  let pool: RowPool | undefined;
  do {
    const rows =
      pool === undefined ? tallied(tables.transcript, context) : readQuietly(tables.transcript, context);
    pool = await poolRows(restricted(rows, only), { selection, after: pool?.next });
    const { durations: table } = tables;
    if (table === undefined) yield pool.rows;
    else {
      const timed = await addDurations(pool.rows, { table, signal, onFault: ignore });
      yield timed.filter((row) => selection.suits(row));
    }
  } while (pool.next !== undefined);
}

async function* tallied(path: string, context: LayoutContext): AsyncGenerator<ClipRow> {
  const { signal, onFault, mostFaultShare } = context;
  const tally = new FaultTally(path, { mostShare: mostFaultShare, onFault });
  for await (const row of readTranscript(path, { signal, onFault: (fault) => tally.countBroken(fault) })) {
    tally.countGood();
    yield row;
  }
  tally.finish();
}

const readQuietly = (path: string, { signal }: LayoutContext): AsyncGenerator<ClipRow> =>
  readTranscript(path, { signal, onFault: ignore });

async function* restricted(
  rows: AsyncIterable<ClipRow>,
  only: ReadonlySet<string> | undefined,
): AsyncGenerator<ClipRow> {
  for await (const row of rows) if (only?.has(row.clip) ?? true) yield row;
}

const ignore = (): void => undefined;

/** Next rows in the seeded order, of a table too long for memory. */
export interface RowPool {
  /** In the seeded order. */
  readonly rows: ClipRow[];
  /** Position to continue from; undefined after the last row. */
  readonly next: number | undefined;
}

/** Rows kept at a time: large enough that one pass over the table is usually enough, small enough for memory. */
const POOL_SIZE = 20_000;

/**
 * One pass over a table: the first `size` suitable rows after `after` in the seeded order. At most twice `size` rows are in
 * memory, and the result does not depend on the table's order.
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
