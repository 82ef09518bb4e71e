import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { type BuildReport, type ManifestClip, summarizeLeftOut } from "@callsign/data/internal";
import { readWav, toMagnitudes, writeWav } from "@callsign/audio/internal";

import { html, type SafeHtml } from "./html.ts";
import { renderPage } from "./page.ts";
import { facts, keyFigures, notice, section, table } from "./sections.ts";
import { spectrogramUrl } from "./charts/spectrogram.ts";

/** A clip with its spectrogram and audio. */
export interface ClipSample {
  readonly clip: ManifestClip;
  readonly audioUrl: string;
  readonly spectrogramUrl: string;
}

/** Seconds shown of a clip. */
const MAX_SECONDS = 8;

/** Reads a clip of a build. @throws CallsignError `AUDIO_*` for a damaged file */
export async function readSample(
  clip: ManifestClip,
  { folder }: { readonly folder: string },
): Promise<ClipSample> {
  const path = join(folder, clip.path);
  const { samples, sampleRateHz } = readWav(await readFile(path), { name: path });
  const shown = samples.slice(0, MAX_SECONDS * sampleRateHz);
  const wav = Buffer.from(writeWav({ samples: shown, sampleRateHz }));
  return {
    clip,
    audioUrl: `data:audio/wav;base64,${wav.toString("base64")}`,
    spectrogramUrl: spectrogramUrl(toMagnitudes(shown)),
  };
}

/** Renders a data build as one HTML file: counts, licences, and clips with spectrogram and player. */
export function renderDataPage(options: {
  readonly report: BuildReport;
  readonly samples: readonly ClipSample[];
  readonly createdAt: Date;
}): string {
  const { report, samples, createdAt } = options;
  const { index } = report;
  return renderPage({
    kicker: "Training data",
    title: index.name,
    lead: `${report.clips.toLocaleString("en-US")} clips by ${report.voices.toLocaleString("en-US")} voices, embedded as ${report.windows.toLocaleString("en-US")} windows.`,
    sections: [
      report.damaged.length > 0 &&
        notice(`Not as they were written: ${report.damaged.slice(0, 5).join("; ")}`),
      overview(report),
      clipSets(report),
      voices(report),
      licences(report),
      sampled(samples),
    ],
    colophon: `Made by ${index.tool.tool} ${index.tool.version} on ${createdAt.toISOString().slice(0, 10)}.`,
  });
}

const minutes = (seconds: number): string => (seconds / 60).toFixed(1);
const whole = (count: number): string => count.toLocaleString("en-US");

function overview(report: BuildReport): SafeHtml {
  const { index } = report;
  return section(
    { id: "overview", heading: "Overview" },
    keyFigures([
      { label: "Clips", value: whole(report.clips), note: `${minutes(report.seconds)} min` },
      { label: "Voices", value: whole(report.voices), note: "each in one split only" },
      {
        label: "Windows",
        value: whole(report.windows),
        note: `of ${minutes(report.featureSeconds)} min of audio`,
      },
      {
        label: "Shards",
        value: whole(index.shards.length),
        note: `${(report.shardBytes / 2 ** 20).toFixed(1)} MiB`,
      },
    ]),
    table({
      caption: "Splits",
      columns: [
        { heading: "split" },
        ...["clips", "minutes", "of people", "voices", "windows"].map((heading) => ({
          heading,
          kind: "number" as const,
        })),
      ],
      rows: report.bySplit.map(({ split, clips, seconds, peopleSeconds, voices: speakers, windows }) => [
        split,
        whole(clips),
        minutes(seconds),
        minutes(peopleSeconds),
        whole(speakers),
        whole(windows),
      ]),
    }),
    facts([
      ["Labels", index.labels.join(", ")],
      [
        "Windows near a phrase",
        Object.entries(report.labelled)
          .map(([label, count]) => `${label}: ${whole(count)}`)
          .join(", "),
      ],
      ["Front-end", `${index.frontend.id}, floor ${index.frontend.floor}`],
      ["Embedding", html`<code>${index.frontend.embeddingSha256}</code>`],
      ["Seed", index.seed],
    ]),
  );
}

function clipSets({ index }: BuildReport): SafeHtml {
  return section(
    {
      id: "sets",
      heading: "Clips",
      lead: "What was made or collected, and what was left out on the way.",
    },
    table({
      caption: "Sets of clips",
      columns: [
        { heading: "set" },
        ...["clips", "minutes", "voices"].map((heading) => ({ heading, kind: "number" as const })),
        { heading: "left out" },
      ],
      rows: index.sets.map((set) => [
        set.id,
        whole(set.clips),
        minutes(set.seconds),
        whole(set.speakers),
        summarizeLeftOut(set),
      ]),
    }),
  );
}

const MAX_VOICES = 20;

function voices({ byVoice }: BuildReport): SafeHtml {
  const rest = byVoice.length - MAX_VOICES;
  return section(
    {
      id: "voices",
      heading: "Voices",
      ...(rest > 0 && { lead: `The ${MAX_VOICES} heard most, of ${byVoice.length}.` }),
    },
    table({
      caption: "Clips by voice or speaker",
      columns: [
        { heading: "voice" },
        { heading: "split" },
        { heading: "clips", kind: "number" },
        { heading: "minutes", kind: "number" },
      ],
      rows: byVoice
        .slice(0, MAX_VOICES)
        .map(({ voice, split, clips, seconds }) => [voice, split, whole(clips), minutes(seconds)]),
    }),
  );
}

function licences({ index }: BuildReport): SafeHtml {
  return section(
    { id: "licences", heading: "Licences" },
    table({
      caption: "Sources and their licences",
      columns: [
        { heading: "source" },
        { heading: "licence" },
        { heading: "clips", kind: "number" },
        { heading: "minutes", kind: "number" },
      ],
      rows: index.licences.map(({ source, licence, clips, seconds }) => [
        source,
        licence,
        whole(clips),
        minutes(seconds),
      ]),
    }),
  );
}

function sampled(samples: readonly ClipSample[]): SafeHtml {
  return section(
    {
      id: "sample",
      heading: "A random sample",
      lead: "Log-mel spectrograms, 60 to 3,800 Hz from below, as the front-end sees them before augmentation.",
    },
    html`<div class="clips">${samples.map(card)}</div>`,
  );
}

function card({ clip, audioUrl, spectrogramUrl: picture }: ClipSample): SafeHtml {
  const what = clip.text === "" ? clip.label : clip.text;
  const cut = clip.durationSeconds > MAX_SECONDS ? `, the first ${MAX_SECONDS} s of it here` : "";
  const length = `${clip.durationSeconds.toFixed(2)} s${cut}`;
  const label = clip.text === "" ? "" : `${clip.label} · `;
  return html`<figure class="clip">
    <img src="${picture}" alt="Spectrogram of ${clip.path}, ${length}" />
    <audio controls preload="metadata" src="${audioUrl}" aria-label="${what}"></audio>
    <figcaption>
      <strong>${what}</strong><br />${label}${clip.split} · ${length}<br />${clip.speaker}<br /><code
        >${clip.path}</code
      >
    </figcaption>
  </figure>`;
}
