import type { ChallengeReport } from "./report.ts";
import { drawScoreTrace, drawTimeline, secondsOf } from "./figures.ts";
import { challengeWeights, SLOW_MS } from "../score.ts";
import { type FrameTimes, formatMilliseconds, latencySection } from "./latency-section.ts";
import { lookAheadSection } from "./look-ahead-section.ts";
import { commandOutcomes, mutedSpans } from "../spans.ts";
import { html, type HtmlValue, type SafeHtml } from "../../report/html.ts";
import { renderPage } from "../../report/page.ts";
import { formatPercent } from "../../report/format-percent.ts";
import { type ReportFiles, writeReport } from "../../report/write-report.ts";
import { facts, figure, type KeyFigure, keyFigures, notice, section, table } from "../../report/sections.ts";

/** The report as one HTML page. */
export function renderChallengeReport(report: ChallengeReport): string {
  const { clip, mode, model } = report;
  const seconds = secondsOf(report);
  const part =
    clip.samplesScored < clip.samples ? `the first ${seconds(clip.samplesScored).toFixed(1)} s of ` : "";
  return renderPage({
    kicker: "Callsign · challenge report",
    title: `${model?.name ?? "A labeller"} on ${clip.name}`,
    lead: html`Voice commands to mute in ${part}a stream of ${seconds(clip.samples).toFixed(1)} s,
    ${
      mode === "realtime" ? "frame by frame in real time" : "evaluated offline: nothing is claimed about time"
    }.`,
    sections: [
      keyFigures(headline(report)),
      timelineSection(report),
      scoreSection(report),
      commandSection(report),
      lookAheadSection(report.lookAhead),
      numbersSection(report),
      latencySection(timesOf(report)),
      modelSection(report),
      runSection(report),
    ],
    colophon: html`Made by ${report.tool.name} ${report.tool.version} on
      <time datetime="${report.createdAt}">${report.createdAt.slice(0, 16).replace("T", " ")} UTC</time>. The
      same figures, and those of every frame, stand in report.json beside this page.`,
  });
}

/** Writes a report and its page into a folder. @throws CallsignError `FILE_WRITE_FAILED`, `ABORTED` */
export const writeChallengeReport = (
  folder: string,
  report: ChallengeReport,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReportFiles> => writeReport(folder, { report, page: renderChallengeReport(report) }, options);

function headline({ result }: ChallengeReport): KeyFigure[] {
  const figures: KeyFigure[] = [
    { label: "Challenge score", value: result.score.toFixed(4), note: "1 is perfect" },
    { label: "Commands muted", value: formatPercent(result.commandRecall), note: "of their samples" },
    {
      label: "Speech let through",
      value: formatPercent(result.recall),
      note: "of samples that are no command",
    },
  ];
  if (result.valid !== null)
    figures.push({
      label: "In time",
      value: result.valid ? "valid" : "not valid",
      note: `slowest label after ${formatMilliseconds(result.maxOverrunMs ?? 0)}`,
      tone: result.valid ? "good" : "bad",
    });
  return figures;
}

const timelineSection = (report: ChallengeReport): SafeHtml =>
  section(
    { id: "timeline", heading: "Commands and muting over time" },
    figure({
      picture: drawTimeline(report),
      legend: [
        { label: "command (truth)", swatch: "truth" },
        { label: "muted by the detector", swatch: "muted" },
        { label: "audio", swatch: "wave" },
      ],
      caption:
        "Where the bars overlap, a command was muted. Muting without a command is lost speech; a command without muting was broadcast.",
    }),
  );

const scoreSection = (report: ChallengeReport): SafeHtml | false =>
  report.frames.scores.some((score) => score !== null) &&
  section(
    { id: "score", heading: "Score" },
    figure({
      picture: drawScoreTrace(report),
      legend: [
        { label: "command score of each frame", swatch: "score" },
        ...(report.frames.threshold === null
          ? []
          : [{ label: `threshold ${report.frames.threshold}`, swatch: "threshold" as const }]),
        { label: "command", swatch: "truth" },
        { label: "muted", swatch: "muted" },
      ],
      caption: "A frame is muted while its score reaches the threshold.",
    }),
  );

function commandSection(report: ChallengeReport): SafeHtml | false {
  const seconds = secondsOf(report);
  const muted = mutedSpans(report.frames.labels, report.truth.frameLength);
  const outcomes = commandOutcomes(report.truth.commands, { muted, samples: report.clip.samplesScored });
  const shown = outcomes.slice(0, MAX_ROWS);
  return (
    outcomes.length > 0 &&
    section(
      { id: "commands", heading: "Commands" },
      table({
        caption:
          shown.length < outcomes.length
            ? `The first ${shown.length} of ${outcomes.length} commands in the part evaluated`
            : "Every command in the part evaluated",
        columns: [
          { heading: "Command" },
          { heading: "Time (s)", kind: "number" },
          { heading: "Muted", kind: "number" },
          { heading: "Reaction time", kind: "number" },
        ],
        rows: shown.map(({ command, mutedShare, reaction }, i) => [
          command.text ?? `command ${i + 1}`,
          `${seconds(command.startSample).toFixed(2)}–${seconds(command.endSample).toFixed(2)}`,
          formatPercent(mutedShare),
          reaction === null ? "never" : `${seconds(reaction).toFixed(2)} s`,
        ]),
      }),
    )
  );
}

/** Most commands listed on the page. */
const MAX_ROWS = 200;

function numbersSection(report: ChallengeReport): SafeHtml {
  const { result, published, clip } = report;
  const weights = challengeWeights(report.truth);
  const comparable = clip.isPublished && published.samples === clip.samplesScored;
  const row = (name: HtmlValue, ours: number | null, theirs: number): HtmlValue[] => [
    name,
    ours === null ? "–" : ours.toFixed(5),
    theirs.toFixed(5),
    ours === null || !comparable ? "–" : signed(ours - theirs),
  ];
  const communication = html` <small>communication</small>`;
  const command = html` <small>command</small>`;
  return section(
    {
      id: "numbers",
      heading: "Figures",
      lead: `Counted in samples. A command sample that is broadcast costs ${weights.command}, any other mistake ${weights.communication}, a sample labelled ${SLOW_MS} ms late or later 1.`,
    },
    table({
      caption: `This run (${clip.samplesScored.toLocaleString("en-US")} samples) and the published detector (${published.samples.toLocaleString("en-US")} samples of the challenge clip)`,
      columns: [
        { heading: "Figure" },
        { heading: "This run", kind: "number" },
        { heading: "Published", kind: "number" },
        { heading: "Difference", kind: "number" },
      ],
      rows: [
        row("Score", result.score, published.score),
        row("Accuracy", result.accuracy, published.accuracy),
        row(html`Precision${communication}`, result.precision, published.precision),
        row(html`Recall${communication}`, result.recall, published.recall),
        row(html`Precision${command}`, result.commandPrecision, published.commandPrecision),
        row(html`Recall${command}`, result.commandRecall, published.commandRecall),
      ],
    }),
    notice(comparison(report, comparable)),
  );
}

function comparison({ clip, published }: ChallengeReport, comparable: boolean): string {
  if (!clip.isPublished)
    return "This is not the challenge's clip: the published figures are for other audio and are not comparable.";
  if (!comparable)
    return "This is the challenge's clip, but no figures were published for a part of this length: those shown are for the whole clip.";
  const seen = "The published model was trained on the first 32 s of this very clip";
  return published.samples === clip.samples
    ? `This is the challenge's clip, sample for sample. ${seen}, so even its own figures flatter it.`
    : `This is the challenge's clip, sample for sample, scored with the whole clip's weights. ${seen}.`;
}

const timesOf = ({ frames, truth }: ChallengeReport): FrameTimes | null =>
  frames.overrunsMs === null || frames.emittedMs === null
    ? null
    : {
        periodMs: (truth.frameLength * 1000) / truth.sampleRateHz,
        emittedMs: frames.emittedMs,
        overrunsMs: frames.overrunsMs,
      };

function modelSection({ model }: ChallengeReport): SafeHtml | false {
  if (model === null) return false;
  const { frontend, windowing, decision, createdBy, classifier } = model;
  return section(
    { id: "model", heading: "The model" },
    facts([
      ["Name", model.name],
      [
        "Labels",
        model.labels
          .map((label) =>
            label === decision.background
              ? `${label} (background)`
              : `${label} (threshold ${decision.thresholds[label]})`,
          )
          .join(", "),
      ],
      [
        "Classifier",
        html`${classifier.file}, ${classifier.bytes.toLocaleString("en-US")} bytes<br /><code
            >sha256 ${classifier.sha256}</code
          >`,
      ],
      ["Front-end", `${frontend.id}, floor ${frontend.floor}`],
      ["Embedding", html`${frontend.embedding.id}<br /><code>sha256 ${frontend.embedding.sha256}</code>`],
      [
        "Windowing",
        windowing.kind === "sliding-audio"
          ? `the last ${windowing.windowLength} samples, every ${windowing.hopLength}`
          : `the last ${windowing.embeddings} embeddings, every ${windowing.hopLength} samples`,
      ],
      [
        "Decision",
        `patience ${decision.patience}, refractory period ${decision.refractorySeconds} s (detections; a gate uses the threshold alone)`,
      ],
      ["Trained on", model.data?.map(({ name, licence }) => `${name} (${licence})`).join(", ")],
      [
        "Made by",
        `${createdBy.tool} ${createdBy.version}${createdBy.gitCommit === undefined ? "" : ` at ${createdBy.gitCommit}`}`,
      ],
    ]),
  );
}

const runSection = ({ clip, command, machine, mode, tool }: ChallengeReport): SafeHtml =>
  section(
    { id: "run", heading: "How it was run" },
    facts([
      ["Command", command !== null && html`<code>${command}</code>`],
      ["Mode", mode === "realtime" ? "real time" : "offline"],
      [
        "Clip",
        html`${clip.name}, ${clip.samples.toLocaleString("en-US")} samples,
          ${clip.isPublished ? "the challenge's own" : "not the challenge's"}<br /><code
            >sha256 of its PCM ${clip.sha256}</code
          >`,
      ],
      [
        "Version",
        `${tool.name} ${tool.version}${tool.gitCommit === undefined ? "" : ` at ${tool.gitCommit}`}`,
      ],
      ["Machine", `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`],
      ["Software", `Node ${machine.node}, ${machine.platform}`],
    ]),
  );

/** A difference with five decimals and a typographic minus sign; `0` if it rounds to zero. */
function signed(difference: number): string {
  const text = Math.abs(difference).toFixed(5);
  if (Number(text) === 0) return "0";
  return `${difference < 0 ? "−" : "+"}${text}`;
}
