/** Envelope of a waveform: lowest and highest sample in each of equally long columns. */
export interface WaveformEnvelope {
  /** Samples in a column; the last may have fewer. */
  readonly columnLength: number;
  /** Lowest sample of each column. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Computes an envelope of at most `columns` columns. */
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

/** A value and its index. */
export interface Peak {
  readonly index: number;
  readonly value: number;
}

/**
 * Highest value of each of at most `columns` equally long columns, so that a long series is drawn without losing its
 * peaks. A series with at most `columns` values is kept whole. Columns without a number are left out.
 */
export function columnPeaks(values: readonly (number | null)[], columns: number): Peak[] {
  const length = Math.max(1, Math.ceil(values.length / columns));
  const peaks: Peak[] = [];
  for (let from = 0; from < values.length; from += length) {
    let best: Peak | undefined;
    for (let index = from; index < Math.min(values.length, from + length); index++) {
      const value = values[index];
      if (typeof value === "number" && !(value <= (best?.value ?? -Infinity))) best = { index, value };
    }
    if (best !== undefined) peaks.push(best);
  }
  return peaks;
}
