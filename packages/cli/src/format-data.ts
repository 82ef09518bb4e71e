import {
  type BuildIndex,
  type BuildPlan,
  type BuildReport,
  describeLeftOut,
  summarizeLeftOut,
} from "@callsign/data";

import { formatDuration } from "./progress.ts";

/** What `data build --dry-run` prints. */
export function formatPlan(plan: BuildPlan): string {
  const rows = plan.sets.map(({ id, texts, clips, files, seconds, copies }) => [
    id,
    texts === undefined ? "" : whole(texts),
    files === undefined
      ? whole(clips ?? 0)
      : `${clips === undefined ? "" : `${whole(clips)} of `}${count(files, "file")}`,
    formatDuration(seconds),
    whole(copies),
  ]);
  return [
    `${plan.name}: what a build makes (lengths and sizes are estimates)`,
    ...table(["set", "texts", "clips", "length", "copies"], rows),
    `scenes: ${whole(plan.scenes)}`,
    `clips: ${whole(plan.clips)}, ${formatDuration(plan.clipSeconds)}, ${mebibytes(plan.clipBytes)}`,
    `features: of ${formatDuration(plan.featureSeconds)} of audio, ${mebibytes(plan.shardBytes)}`,
    "",
  ].join("\n");
}

/** What `data build` prints at its end. */
export function formatBuild(index: BuildIndex, out: string): string {
  const sum = (of: (shard: BuildIndex["shards"][number]) => number): number =>
    index.shards.reduce((total, shard) => total + of(shard), 0);
  return [
    `${out}: ${whole(index.manifest.clips)} clips, ${index.shards.length} shards, ${whole(sum(({ windows }) => windows))} windows ` +
      `of ${formatDuration(sum(({ seconds }) => seconds))} of audio, ${mebibytes(sum(({ bytes }) => bytes))}`,
    ...index.labels.map(
      (label) => `  ${label}: ${whole(sum((shard) => shard.labelled[label] ?? 0))} windows`,
    ),
    ...formatLeftOut(index),
    `look at it: callsign data inspect ${out} --html ${out}.html`,
    "",
  ].join("\n");
}

/** What is not in a build though it was given or asked for, named, however little it is. */
export function formatLeftOut({ sets }: BuildIndex, options: { readonly examples?: number } = {}): string[] {
  const lines = describeLeftOut(sets, options);
  return lines.length === 0 ? ["left out: nothing"] : ["left out:", ...lines.map((line) => `  ${line}`)];
}

/** What `data inspect` prints. */
export function formatReport(report: BuildReport, out: string): string {
  const { index } = report;
  const voices = report.byVoice.slice(0, MOST_VOICES);
  return [
    `${out}: ${index.name}, seed ${index.seed}, ${whole(report.clips)} clips, ${formatDuration(report.seconds)}, ${whole(report.voices)} voices`,
    "",
    ...table(
      ["set", "kind", "clips", "length", "voices", "left out"],
      index.sets.map((set) => [
        set.id,
        set.kind,
        whole(set.clips),
        formatDuration(set.seconds),
        whole(set.speakers),
        summarizeLeftOut(set),
      ]),
    ),
    "",
    ...formatLeftOut(index, { examples: 20 }),
    "",
    ...table(
      ["split", "clips", "length", "voices", "shards", "windows"],
      report.bySplit.map(({ split, clips, seconds, voices: speakers, shards, windows }) => [
        split,
        whole(clips),
        formatDuration(seconds),
        whole(speakers),
        whole(shards),
        whole(windows),
      ]),
    ),
    "",
    ...table(
      ["source", "licence", "clips", "length", "voices"],
      index.licences.map(({ source, licence, clips, seconds, speakers }) => [
        source,
        licence,
        whole(clips),
        formatDuration(seconds),
        whole(speakers),
      ]),
    ),
    "",
    ...table(
      ["voice", "split", "clips", "length"],
      voices.map(({ voice, split, clips, seconds }) => [voice, split, whole(clips), formatDuration(seconds)]),
    ),
    ...(report.byVoice.length > voices.length
      ? [`and ${whole(report.byVoice.length - voices.length)} more voices`]
      : []),
    "",
    `features: ${whole(report.windows)} windows of ${formatDuration(report.featureSeconds)} of audio, ${mebibytes(report.shardBytes)}`,
    ...Object.entries(report.labelled).map(
      ([label, windows]) => `  ${label}: ${whole(windows)} windows while it is near`,
    ),
    `files: ${report.damaged.length === 0 ? "all as they were written" : `${report.damaged.length} damaged`}`,
    "",
  ].join("\n");
}

const MOST_VOICES = 12;

/** Columns padded to their widest cell; all but the first and those with letters align right. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const isNumber = heads.map((_, i) =>
    rows.every((row) => /^[\d,.: ]*( files?| of [\d,]+ files?)?$/.test(row[i] ?? "")),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [line(heads), ...rows.map(line)];
}

const count = (number: number, what: string): string => `${whole(number)} ${what}${number === 1 ? "" : "s"}`;
const whole = (count: number): string => Math.round(count).toLocaleString("en-US");
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
