import getTruncatedWidth from "fast-string-truncated-width";

import type { CliContext } from "./context.ts";

/**
 * Redraws the last line of a terminal, cut to the terminal's width at this moment: a longer one would wrap, and the next
 * redraw would leave its first part behind.
 */
export function redraw({ stderr, columns }: Pick<CliContext, "stderr" | "columns">, text: string): void {
  // The last column stays empty: some terminals wrap once it is written.
  const limit = Math.max(1, (columns?.() || DEFAULT_COLUMNS) - 1);
  // A file's name may hold a line break.
  const line = text.replaceAll(/\p{Cc}/gu, " ");
  const { index, ellipsed } = getTruncatedWidth(line, { limit, ellipsis: "\u2026" });
  stderr(`${CLEAR_LINE}${line.slice(0, index)}${ellipsed ? "\u2026" : ""}`);
}

/** Back to the first column, and everything in the line erased. */
export const CLEAR_LINE = "\r\u001B[2K";

const DEFAULT_COLUMNS = 80;
