import type { Progress } from "@callsign/infer/internal";
import type { CliContext } from "../context.ts";
import { redraw } from "./redraw.ts";
import type { RemainingTime } from "./remaining-time.ts";

const REDRAW_MS = 100;
const LINE_EVERY_MS = 5000;

/**
 * Prints progress on stderr with rate and remaining time: one redrawn line on a terminal, else a line every five seconds
 * and one at the end of a stage.
 *
 * Own code instead of cli-progress 3.12: that has no progress without a total, and would still need `formatProgress` as its
 * formatter and `redraw` for `listen`. It would replace the 45 lines of this class by 6 packages and an adapter from
 * `CliContext` to a terminal stream.
 */
export class ProgressLine {
  readonly #context: CliContext;
  readonly #now: () => number;
  readonly #remaining: RemainingTime | undefined;
  #stage = "";
  #startedMs = 0;
  #startedAt = 0;
  #shownMs = -Infinity;
  #last: Progress | undefined;

  /** @param remaining estimate of the time left in this stage and later ones, shown after that of the stage */
  constructor(context: CliContext, now: () => number = () => performance.now(), remaining?: RemainingTime) {
    this.#context = context;
    this.#now = now;
    this.#remaining = remaining;
  }

  update(progress: Progress): void {
    if (progress.stage !== this.#stage) this.#begin(progress);
    this.#last = progress;
    const sinceShown = this.#now() - this.#shownMs;
    if (sinceShown >= (this.#context.interactive ? REDRAW_MS : LINE_EVERY_MS)) this.#show(progress);
  }

  /** Ends the current stage's line. Call it before printing something else. */
  finish(): void {
    if (this.#last === undefined) return;
    this.#show(this.#last);
    if (this.#context.interactive) this.#context.stderr("\n");
    this.#last = undefined;
    this.#stage = "";
  }

  #begin(progress: Progress): void {
    this.finish();
    this.#stage = progress.stage;
    this.#startedMs = this.#now();
    this.#startedAt = progress.done;
    this.#shownMs = this.#context.interactive ? -Infinity : this.#startedMs;
  }

  #show(progress: Progress): void {
    const elapsedSeconds = (this.#now() - this.#startedMs) / 1000;
    const left = this.#remaining?.after(progress);
    const text =
      formatProgress(progress, { elapsedSeconds, startedAt: this.#startedAt }) +
      (left === undefined ? "" : `; all stages: ${formatDuration(left)} left`);
    this.#shownMs = this.#now();
    if (this.#context.interactive) redraw(this.#context, text);
    else this.#context.stderr(`${text}\n`);
  }
}

/** Formats progress: `features: 1,200 of 5,000 clips (24 %), 340/s, 0:11 left`. */
export function formatProgress(
  progress: Progress,
  { elapsedSeconds, startedAt = 0 }: { elapsedSeconds: number; startedAt?: number },
): string {
  const { stage, done, total, unit, note } = progress;
  const rate = elapsedSeconds > 0 ? (done - startedAt) / elapsedSeconds : 0;
  const share = total === undefined ? "" : ` (${total === 0 ? 100 : Math.floor((100 * done) / total)} %)`;
  const count =
    total === undefined
      ? formatAmount(done, unit)
      : `${formatAmount(done, unit)} of ${formatAmount(total, unit)}`;
  const parts = [`${count} ${nameOf(unit)}${share}`];
  if (rate > 0) parts.push(`${formatAmount(rate, unit)}/s`);
  if (total !== undefined && done >= total) parts.push(`took ${formatDuration(elapsedSeconds)}`);
  else if (total !== undefined && rate > 0) parts.push(`${formatDuration((total - done) / rate)} left`);
  if (note !== undefined) parts.push(note);
  return `${stage}: ${parts.join(", ")}`;
}

function formatAmount(amount: number, unit: string): string {
  const shown = unit === "bytes" ? amount / 2 ** 20 : amount;
  const digits = unit === "bytes" || (shown < 100 && !Number.isInteger(shown)) ? 1 : 0;
  return shown.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const nameOf = (unit: string): string => (unit === "bytes" ? "MiB" : unit);

/** Formats a duration as `3:07` or `1:03:07`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
