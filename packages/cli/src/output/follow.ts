import type { Progress } from "@callsign/infer/internal";

import type { CliContext } from "../context.ts";
import { ProgressLine } from "./progress.ts";
import type { RemainingTime } from "./remaining-time.ts";

/** How `follow` prints the events of a stage. */
export interface FollowOptions<Event> {
  readonly context: CliContext;
  /** Estimate of the time left in this stage and later ones. */
  readonly remaining?: RemainingTime | undefined;
  /** Progress for the progress line, and text for a separate line on stderr. */
  readonly show: (event: Event) => { readonly progress?: Progress; readonly line?: string };
}

/** Runs a stage to its end, prints its events on stderr, and returns its result. */
export async function follow<Event, Result>(
  events: AsyncGenerator<Event, Result>,
  { context, show, remaining }: FollowOptions<Event>,
): Promise<Result> {
  const progressLine = new ProgressLine(context, undefined, remaining);
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done === true) return value;
      const { progress, line } = show(value);
      if (progress !== undefined) progressLine.update(progress);
      if (line === undefined) continue;
      progressLine.finish();
      context.stderr(`${line}\n`);
    }
  } finally {
    progressLine.finish();
  }
}

/** `show` for a stage whose events are all progress. */
export const asProgress = (progress: Progress): { readonly progress: Progress } => ({ progress });
