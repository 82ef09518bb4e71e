import { fromMagnitudes, SAMPLE_RATE_HZ, writeWav } from "@callsign/audio/internal";
import { html, type SafeHtml, trusted } from "../report/html.ts";
import { spectrogramUrl } from "../report/charts/spectrogram.ts";
import type { Excerpt, WorstRecording } from "./worst-recordings.ts";

/** Cards of recordings to listen to: spectrogram with the score drawn over it, player, and metadata. */
export const excerptCards = (
  entries: readonly WorstRecording[],
  options: { readonly excerpts: readonly Excerpt[]; readonly threshold: number | null },
): SafeHtml =>
  html`<div class="clips">
    ${entries.map((entry, i) => card(entry, { excerpt: options.excerpts[i], threshold: options.threshold }))}
  </div>`;

function card(
  entry: WorstRecording,
  { excerpt, threshold }: { readonly excerpt: Excerpt | undefined; readonly threshold: number | null },
): SafeHtml {
  const known = [
    entry.snrDb !== null && `${Math.round(entry.snrDb)} dB over noise`,
    entry.speaker !== null && `speaker ${entry.speaker}`,
    entry.detections > 0 && `${entry.detections} false ${entry.detections === 1 ? "accept" : "accepts"}`,
  ].filter((text) => text !== false);
  return html`<figure class="clip">
    ${excerpt !== undefined && playable(excerpt, { name: entry.name, threshold })}
    <figcaption>
      <strong>score ${formatScore(entry.score)}</strong>${known.map((text) => ` · ${text}`)}<br /><code
        >${entry.name}</code
      >
    </figcaption>
  </figure>`;
}

function playable(
  { samples, scores }: Excerpt,
  { name, threshold }: { readonly name: string; readonly threshold: number | null },
): SafeHtml {
  const loud = fromMagnitudes(loudEnough(samples));
  const wav = Buffer.from(writeWav({ samples: loud, sampleRateHz: SAMPLE_RATE_HZ })).toString("base64");
  const seconds = (samples.length / SAMPLE_RATE_HZ).toFixed(1);
  return html`<div class="picture">
      <img src="${spectrogramUrl(samples)}" alt="Spectrogram of ${seconds} s of ${name}" />
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        ${threshold !== null && trusted(levelLine(threshold))}${trusted(scoreLine(scores))}
      </svg>
    </div>
    <audio controls preload="none" src="data:audio/wav;base64,${wav}" aria-label="${name}"></audio>`;
}

/** Amplifies quiet recordings to a peak of -12 dBFS for listening; the model received them unchanged. */
function loudEnough(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return peak === 0 || peak > LISTENING_PEAK
    ? samples
    : samples.map((sample) => (sample * LISTENING_PEAK) / peak);
}

const LISTENING_PEAK = 32_768 / 4;

/** Polyline of the scores; each is drawn at the end of its hop. */
function scoreLine(scores: readonly number[]): string {
  const points = scores.map((score, i) => `${round((100 * (i + 1)) / scores.length)},${height(score)}`);
  return `<polyline class="score" points="${points.join(" ")}"/>`;
}

const levelLine = (score: number): string =>
  `<line class="threshold" x1="0" x2="100" y1="${height(score)}" y2="${height(score)}"/>`;

/** Vertical position of a score: 0 at the bottom, 1 at the top, with a margin. */
const height = (score: number): number => round(97 - 94 * score);
const round = (value: number): number => Math.round(value * 10) / 10;

/** A score with four decimals, or more near 0 and 1. */
export function formatScore(score: number): string {
  if (score === 0 || score === 1) return String(score);
  return score > 0.9999 ? score.toFixed(7) : score < 0.001 ? score.toPrecision(2) : score.toFixed(4);
}
