import { FaultTally } from "../files/fault-tally.ts";
import type { LayoutContext } from "./batch.ts";
import type { ClipRow } from "./clip-row.ts";
import { type RowPool, poolRows } from "./row-pool.ts";
import { addDurations, readTranscript } from "./transcript.ts";

/** The tables that say what is in a subset. */
export interface Tables {
  readonly transcript: string;
  /** `clip_durations.tsv`, where the corpus has one. */
  readonly durations?: string | undefined;
}

/**
 * The rows of a transcript that suit, pool by pool in the seeded order, in bounded memory. The table is read again for
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
