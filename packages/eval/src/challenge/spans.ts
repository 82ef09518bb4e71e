import type { CommandInterval } from "./truth.ts";

/** Interval in samples; the end is exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Intervals in which a stream was muted (label 0); adjacent frames are joined. */
export function mutedSpans(labels: ArrayLike<number>, frameLength: number): Span[] {
  const spans: Span[] = [];
  let from = -1;
  for (let i = 0; i <= labels.length; i++) {
    const muted = i < labels.length && labels[i] === 0;
    if (muted && from < 0) from = i;
    else if (!muted && from >= 0) {
      spans.push({ from: from * frameLength, to: i * frameLength });
      from = -1;
    }
  }
  return spans;
}

/** Joins spans, given in order of time, that are less than `gap` samples apart. */
export function joinSpans(spans: readonly Span[], gap: number): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.from - last.to < gap)
      joined[joined.length - 1] = { from: last.from, to: span.to };
    else joined.push(span);
  }
  return joined;
}

/** Muted share of one command and delay of its mute. */
export interface CommandOutcome {
  readonly command: CommandInterval;
  /** Share of its samples that were muted, 0 to 1. */
  readonly mutedShare: number;
  /** Samples from its start to the first muted one; 0 if already muted at the start, null if never muted. */
  readonly reaction: number | null;
}

/** Outcomes of the commands that begin before `samples`; a command cut off there counts with the part before. */
export function commandOutcomes(
  commands: readonly CommandInterval[],
  { muted, samples }: { readonly muted: readonly Span[]; readonly samples: number },
): CommandOutcome[] {
  return commands
    .filter(({ startSample }) => startSample < samples)
    .map((command) => {
      const end = Math.min(command.endSample + 1, samples);
      const parts = muted
        .map(({ from, to }) => ({ from: Math.max(from, command.startSample), to: Math.min(to, end) }))
        .filter(({ from, to }) => to > from);
      const mutedSamples = parts.reduce((sum, { from, to }) => sum + to - from, 0);
      return {
        command,
        mutedShare: mutedSamples / (end - command.startSample),
        reaction: parts.length === 0 ? null : parts[0]!.from - command.startSample,
      };
    });
}
