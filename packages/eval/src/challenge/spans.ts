import type { CommandInterval } from "./truth.ts";

/** Stretch of time, in samples; the end is exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The stretches in which a stream was muted (label 0), neighbouring frames joined. */
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

/** Joins spans in order of time that lie less than `gap` apart. */
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

/** How one command fared. */
export interface CommandOutcome {
  readonly command: CommandInterval;
  /** Share of its samples that were muted, 0 to 1. */
  readonly mutedShare: number;
  /** Samples from its start to the first muted one; 0 where it began muted, null where none was. */
  readonly reaction: number | null;
}

/** One a command that begins before `samples`; of one that is cut off there, the part before counts. */
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
