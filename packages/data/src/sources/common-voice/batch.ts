import type { ClipRow } from "./clip-row.ts";
import type { ClipSelection } from "./selection.ts";
import type { FaultTally } from "../files/fault-tally.ts";
import type { ReadClipsOptions } from "../clip-source.ts";

/** Rows whose audio can be had together, such as one row group or one archive. */
export interface RowBatch {
  /** Rows that suit, in the order they are to be chosen. */
  readonly rows: ClipRow[];
  /** The audio of some of the rows, in whatever order is cheapest; each is to be read before the next is asked for. */
  readAudio(rows: readonly ClipRow[]): AsyncIterable<EncodedClip>;
}

/** A clip as it lies in the corpus. */
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

/** The batches of one layout, cheapest reading first decided by the seed; the consumer stops when it has enough. */
export type Layout = AsyncIterable<RowBatch>;

/** A clip that was chosen and decoded. */
export interface ChosenClip extends EncodedClip {
  readonly audio: Float32Array;
}

/** Goes through the batches until the selection is full. `decode` gives mono audio at 16 kHz. */
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
