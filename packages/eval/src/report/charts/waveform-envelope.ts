/** The outline of a waveform: its lowest and highest sample in each of equally long columns. */
export interface WaveformEnvelope {
  /** Samples in a column; the last may hold fewer. */
  readonly columnLength: number;
  /** One a column, in the samples' own unit. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** At most `columns` columns that cover all samples. */
export function waveformEnvelope(samples: Float32Array, columns: number): WaveformEnvelope {
  const columnLength = Math.max(1, Math.ceil(samples.length / columns));
  const low: number[] = [];
  const high: number[] = [];
  for (let from = 0; from < samples.length; from += columnLength) {
    const to = Math.min(samples.length, from + columnLength);
    let lowest = Infinity;
    let highest = -Infinity;
    for (let i = from; i < to; i++) {
      lowest = Math.min(lowest, samples[i]!);
      highest = Math.max(highest, samples[i]!);
    }
    low.push(lowest);
    high.push(highest);
  }
  return { columnLength, low, high };
}
