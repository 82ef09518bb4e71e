import { LATEST_MS, SLOW_MS } from "../score.ts";
import { drawLatencyHistogram, drawLatencyTrace } from "./latency-figures.ts";
import { percentile } from "../../statistics/percentile.ts";
import type { SafeHtml } from "../../report/html.ts";
import { figure, notice, section, table } from "../../report/sections.ts";

/** Times measured in a real-time run, in milliseconds, one value per frame. */
export interface FrameTimes {
  readonly periodMs: number;
  readonly emittedMs: readonly number[];
  readonly overrunsMs: readonly number[];
}

/** Report section on latency; for an offline run, a note that none was measured. */
export function latencySection(times: FrameTimes | null): SafeHtml {
  const heading = "How fast";
  if (times === null)
    return section(
      { id: "latency", heading },
      notice(
        "An offline run goes as fast as it can and has no clock to be late by. Run it with --realtime to measure.",
      ),
    );
  const { periodMs, overrunsMs } = times;
  return section(
    {
      id: "latency",
      heading,
      lead: `A frame was emitted every ${periodMs} ms by a thread of its own. A label ${SLOW_MS} ms late or later is slow, one more than ${LATEST_MS} ms late makes the run invalid.`,
    },
    figure({
      picture: drawLatencyHistogram(overrunsMs),
      caption: "Frames by the time from their emission to their label; the scale is logarithmic.",
    }),
    figure({
      picture: drawLatencyTrace(overrunsMs, periodMs),
      caption: "Latency over the run in milliseconds, one dot per frame.",
    }),
    percentileTable(times),
  );
}

function percentileTable({ periodMs, emittedMs, overrunsMs }: FrameTimes): SafeHtml {
  const emitterLate = emittedMs.map((emitted, i) => emitted - i * periodMs);
  const slow = overrunsMs.filter((overrun) => overrun >= SLOW_MS).length;
  return table({
    caption: `Percentiles over ${overrunsMs.length.toLocaleString("en-US")} frames, ${slow.toLocaleString("en-US")} of them slow`,
    columns: [
      { heading: "Percentile" },
      { heading: "Label after emission", kind: "number" },
      { heading: "Emission after it was due", kind: "number" },
    ],
    rows: [50, 90, 99, 99.9, 100].map((p) => [
      p === 100 ? "slowest" : `p${p}`,
      formatMilliseconds(percentile(overrunsMs, p)),
      formatMilliseconds(percentile(emitterLate, p)),
    ]),
  });
}

/** Two decimals below 10 ms, one from there on. */
export const formatMilliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
