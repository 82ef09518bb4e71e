import {
  type BuildIndex,
  type BuildPlan,
  type BuildReport,
  describeLeftOut,
  summarizeLeftOut,
} from "@callsign/data/internal";

import { formatDuration } from "./progress.ts";

/** Text of `data build --dry-run`. */
export function formatPlan(plan: BuildPlan): string {
  const rows = plan.sets.map(({ id, texts, clips, files, seconds, copies }) => [
    id,
    texts === undefined ? "" : whole(texts),
    files === undefined
      ? whole(clips ?? 0)
      : `${clips === undefined ? "" : `${count(clips, "clip")} of `}${count(files, "file")}`,
    formatDuration(seconds),
    whole(copies),
  ]);
  return [
    `${plan.name}: plan of the build (lengths and sizes are estimates)`,
    ...table(["set", "texts", "clips", "length", "copies"], rows),
    `scenes: ${whole(plan.scenes)}`,
    `clips: ${whole(plan.clips)}, ${formatDuration(plan.clipSeconds)}, ${mebibytes(plan.clipBytes)}`,
    `features: of ${formatDuration(plan.featureSeconds)} of audio, ${mebibytes(plan.shardBytes)}`,
    "",
  ].join("\n");
}

/** Text at the end of `data build`; `command` is how this program is started. */
export function formatBuild(
  index: BuildIndex,
  { out, command }: { readonly out: string; readonly command: string },
): string {
  const sum = (of: (shard: BuildIndex["shards"][number]) => number): number =>
    index.shards.reduce((total, shard) => total + of(shard), 0);
  return [
    `${out}: ${whole(index.manifest.clips)} clips, ${index.shards.length} shards, ${whole(sum(({ windows }) => windows))} windows ` +
      `of ${formatDuration(sum(({ seconds }) => seconds))} of audio, ${mebibytes(sum(({ bytes }) => bytes))}`,
    ...index.labels.map(
      (label) => `  ${label}: ${whole(sum((shard) => shard.labelled[label] ?? 0))} windows`,
    ),
    ...formatLeftOut(index),
    `inspect it: ${command} data inspect ${out} --html ${out}.html`,
    "",
  ].join("\n");
}

/** Lines about everything that was given or asked for but is not in the build. */
export function formatLeftOut({ sets }: BuildIndex, options: { readonly examples?: number } = {}): string[] {
  const lines = describeLeftOut(sets, options);
  return lines.length === 0 ? ["left out: nothing"] : ["left out:", ...lines.map((line) => `  ${line}`)];
}

/** Text of `data inspect`. */
export function formatReport(report: BuildReport, out: string): string {
  const { index } = report;
  const voices = report.byVoice.slice(0, MAX_VOICES);
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
      ["split", "clips", "length", "of people", "voices", "shards", "windows"],
      report.bySplit.map(({ split, clips, seconds, peopleSeconds, voices: speakers, shards, windows }) => [
        split,
        whole(clips),
        formatDuration(seconds),
        formatDuration(peopleSeconds),
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
      ([label, windows]) => `  ${label}: ${whole(windows)} windows with the phrase`,
    ),
    `files: ${report.damaged.length === 0 ? "all intact" : `${report.damaged.length} damaged`}`,
    "",
  ].join("\n");
}

const MAX_VOICES = 12;

/** Formats columns padded to their widest cell; columns of numbers are aligned right. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const isNumber = heads.map((_, i) =>
    rows.every((row) => /^[\d,.: ]*( files?| clips? of [\d,]+ files?)?$/.test(row[i] ?? "")),
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
