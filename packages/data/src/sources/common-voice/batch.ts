import type { ClipRow } from "./clip-row.ts";
import type { ClipSelection } from "./selection.ts";
import type { FaultTally } from "../files/fault-tally.ts";
import type { ReadClipsOptions } from "../clip-source.ts";

/** Rows whose audio is read together, such as one row group or one archive. */
export interface RowBatch {
  /** Suitable rows, in the order in which they are chosen. */
  readonly rows: ClipRow[];
  /** Audio of some of the rows, in the cheapest order; each must be read before the next is requested. */
  readAudio(rows: readonly ClipRow[]): AsyncIterable<EncodedClip>;
}

/** An encoded clip of the corpus. */
export interface EncodedClip {
  readonly row: ClipRow;
  /** The mp3. @throws CallsignError FILE_NOT_FOUND and others about this clip alone */
  read(): Promise<Uint8Array>;
  /** File it was found in, for provenance. */
  readonly found: Readonly<Record<string, string | number>>;
}

/** Options shared by all layouts. */
export interface LayoutContext extends Omit<ReadClipsOptions, "onNote"> {
  readonly selection: ClipSelection;
  readonly language: string;
  /** `train`, `dev`, `test`, `validated`, ...: which table or folder of the corpus. */
  readonly subset: string;
  readonly seed: string | number;
  readonly mostFaultShare: number;
}

/** Batches of one layout, in an order drawn by the seed; the consumer stops when it has enough. */
export type Layout = AsyncIterable<RowBatch>;

/** A chosen and decoded clip. */
export interface ChosenClip extends EncodedClip {
  readonly audio: Float32Array;
}

/** Reads batches until the selection is full. `decode` gives mono audio at 16 kHz. */
export async function* chooseClips(
  layout: Layout,
  { selection, tally, decode, sampleRateHz }: ChooseOptions,
): AsyncGenerator<ChosenClip> {
  for await (const batch of layout) {
    while (batch.rows.length > 0 && selection.remaining > 0) {
      for await (const encoded of batch.readAudio(selection.take(batch.rows))) {
        const audio = await tally.attempt(encoded.row.place, async () =>
          decode(await encoded.read(), encoded.row.place),
        );
        if (audio === undefined) continue;
        tally.countGood();
        if (selection.accept(encoded.row, audio.length / sampleRateHz)) yield { ...encoded, audio };
      }
    }
    if (selection.remaining <= 0) return;
  }
}

interface ChooseOptions {
  readonly selection: ClipSelection;
  readonly tally: FaultTally;
  readonly decode: (bytes: Uint8Array, name: string) => Promise<Float32Array>;
  readonly sampleRateHz: number;
}
