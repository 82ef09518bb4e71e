import getTruncatedWidth from "fast-string-truncated-width";

import type { CliContext } from "../context.ts";

/**
 * Redraws the last line of a terminal, cut to the current width: a longer line would wrap and could not be erased.
 */
export function redraw({ stderr, columns }: Pick<CliContext, "stderr" | "columns">, text: string): void {
  // The last column stays empty: some terminals wrap once it is written.
  const limit = Math.max(1, (columns?.() || DEFAULT_COLUMNS) - 1);
  // Text such as a file name may contain line breaks.
  const line = text.replaceAll(/\p{Cc}/gu, " ");
  const { index, ellipsed } = getTruncatedWidth(line, { limit, ellipsis: "\u2026" });
  stderr(`${CLEAR_LINE}${line.slice(0, index)}${ellipsed ? "\u2026" : ""}`);
}

/** Moves to the first column and erases the line. */
export const CLEAR_LINE = "\r\u001B[2K";

const DEFAULT_COLUMNS = 80;
