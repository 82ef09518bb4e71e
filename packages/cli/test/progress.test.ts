import { describe, expect, it } from "vitest";
import type { CliContext } from "../src/context.ts";
import { formatDuration, formatProgress, ProgressLine } from "../src/progress.ts";

describe("formatProgress", () => {
  it("gives count, share, rate and what is left", () => {
    const progress = { stage: "features", done: 1200, total: 5000, unit: "clips" };
    expect(formatProgress(progress, { elapsedSeconds: 4 })).toBe(
      "features: 1,200 of 5,000 clips (24 %), 300/s, 0:13 left",
    );
  });

  it("leaves out of the rate what a rerun found done", () => {
    const progress = { stage: "features", done: 1200, total: 5000, unit: "clips" };
    expect(formatProgress(progress, { elapsedSeconds: 4, startedAt: 800 })).toContain("100/s, 0:38 left");
  });

  it("counts bytes in MiB and says how long a finished stage took", () => {
    const progress = { stage: "download", done: 3 * 2 ** 20, total: 3 * 2 ** 20, unit: "bytes" };
    expect(formatProgress(progress, { elapsedSeconds: 2 })).toBe(
      "download: 3.0 of 3.0 MiB (100 %), 1.5/s, took 0:02",
    );
  });

  it("promises no end where the total is not known", () => {
    expect(formatProgress({ stage: "read", done: 7, unit: "files" }, { elapsedSeconds: 2 })).toBe(
      "read: 7 files, 3.5/s",
    );
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0:00"],
    [59.6, "1:00"],
    [3661, "1:01:01"],
  ])("%d s is %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe("ProgressLine", () => {
  const lines = (
    interactive: boolean,
  ): { line: ProgressLine; written: string[]; tick: (ms: number) => void } => {
    const written: string[] = [];
    let nowMs = 0;
    const context: CliContext = {
      stdout: () => expect.unreachable("progress never goes to stdout"),
      stderr: (text) => written.push(text),
      env: {},
      signal: new AbortController().signal,
      interactive,
    };
    return { line: new ProgressLine(context, () => nowMs), written, tick: (ms) => (nowMs += ms) };
  };

  it.each([10, 40, 80])("cuts a redrawn line to %d columns, as wide as they are at that moment", (width) => {
    const written: string[] = [];
    let columns = 200;
    const line = new ProgressLine({
      stdout: () => undefined,
      stderr: (text) => written.push(text),
      env: {},
      signal: new AbortController().signal,
      interactive: true,
      columns: () => columns,
    });
    const event = {
      stage: "\u5408\u6210",
      done: 1,
      total: 2,
      unit: "clips",
      note: "ein\nlanger Name ".repeat(8),
    };
    line.update(event);
    columns = width;
    line.finish();
    const [wide, narrow] = written.map((text) => text.replace("\r\u001B[2K", ""));
    expect(wide).toContain("1 of 2 clips");
    // Each of the two characters takes two columns.
    expect(narrow!.length + 2).toBe(width - 1);
    expect(narrow!.endsWith("\u2026")).toBe(true);
    expect(written.join("").replace(/\n$/, "")).not.toContain("\n");
  });

  it("writes a line every five seconds and the last one where there is no terminal", () => {
    const { line, written, tick } = lines(false);
    for (let done = 0; done <= 12; done++, tick(1000))
      line.update({ stage: "s", done, total: 12, unit: "steps" });
    line.finish();
    expect(written.map((text) => /(\d+) of/.exec(text)?.[1])).toEqual(["5", "10", "12"]);
  });

  it("redraws one line on a terminal, at most ten times a second, and ends it", () => {
    const { line, written, tick } = lines(true);
    for (let done = 0; done <= 100; done++, tick(10))
      line.update({ stage: "s", done, total: 100, unit: "steps" });
    line.finish();
    expect(written.length).toBeLessThanOrEqual(13);
    expect(written.slice(0, -1).every((text) => text.startsWith("\r"))).toBe(true);
    expect(written.at(-1)).toBe("\n");
  });

  it("ends one stage's line when the next begins", () => {
    const { line, written, tick } = lines(false);
    line.update({ stage: "a", done: 1, total: 1, unit: "steps" });
    tick(10);
    line.update({ stage: "b", done: 1, total: 1, unit: "steps" });
    line.finish();
    expect(written.map((text) => text[0])).toEqual(["a", "b"]);
  });
});
