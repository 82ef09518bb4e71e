import type { Progress } from "@callsign/infer/internal";

import type { CliContext } from "../context.ts";
import { ProgressLine } from "./progress.ts";

/** How the events of a stage are shown. */
export interface Shown<Event> {
  readonly context: CliContext;
  /** Progress for the line, and text for a line of its own on stderr. */
  readonly show: (event: Event) => { readonly progress?: Progress; readonly line?: string };
}

/** Runs a stage to its end and returns its result, showing its events on stderr as they come. */
export async function follow<Event, Result>(
  events: AsyncGenerator<Event, Result>,
  { context, show }: Shown<Event>,
): Promise<Result> {
  const progressLine = new ProgressLine(context);
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

/** For a stage whose events are progress and nothing else. */
export const asProgress = (progress: Progress): { readonly progress: Progress } => ({ progress });
