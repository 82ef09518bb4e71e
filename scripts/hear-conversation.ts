// What the finished detector hears in a conversation, command by command, and what it costs: the end of `npm start`.
import { heardCommands, type HeardCommand, readChallengeTruth } from "@callsign/eval/internal";
import { readAudioFile } from "@callsign/audio/node/internal";
import { loadDetector } from "@callsign/infer/node/internal";

/** Lines for a person, and the cost. */
export interface Heard {
  readonly lines: readonly string[];
  readonly minutes: number;
  /** Seconds of one core for a second of audio. */
  readonly cpuPerSecond: number;
}

/** Streams the clip through the model as fast as it goes. */
export async function hearConversation(files: {
  readonly model: string;
  readonly clip: string;
  readonly truth: string;
}): Promise<Heard> {
  const truth = await readChallengeTruth(files.truth);
  const { samples } = await readAudioFile(files.clip, { sampleRateHz: truth.sampleRateHz });
  const detector = await loadDetector(files.model);
  try {
    await detector.rehearse();
    const before = process.cpuUsage();
    const heard = await heardCommands(detector, samples);
    const { user, system } = process.cpuUsage(before);
    const seconds = samples.length / truth.sampleRateHz;
    const toMs = (sample: number): number => (1000 * sample) / truth.sampleRateHz;
    const said = truth.commands.map(({ startSample, endSample, text = "command" }) => ({
      startMs: toMs(startSample),
      endMs: toMs(endSample),
      text,
    }));
    return {
      lines: compare(said, heard),
      minutes: seconds / 60,
      cpuPerSecond: (user + system) / 1e6 / seconds,
    };
  } finally {
    await detector.dispose();
  }
}

interface Said {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

function compare(said: readonly Said[], heard: readonly HeardCommand[]): string[] {
  const lines = said.map(({ startMs, endMs, text }) => {
    const found = heard.filter((one) => one.endMs >= startMs && one.startMs <= endMs + 300);
    // A mute that was open before the command says nothing about the command.
    const opened = found.filter((one) => one.startMs >= startMs);
    const best = (opened.length > 0 ? opened : found).toSorted((a, b) => b.score - a.score)[0];
    const how = opened.length > 0 ? "heard from" : "was already muted, from";
    const answer = best
      ? `${how} ${clock(best.startMs)} as ${best.label} (${best.score.toFixed(2)})`
      : "missed";
    return `  ${clock(startMs)}  ${text.padEnd(24)} ${answer}`;
  });
  const needless = heard.filter(
    (one) => !said.some(({ startMs, endMs }) => one.endMs >= startMs && one.startMs <= endMs + 300),
  );
  const mutedMs = needless.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  return [...lines, `  muted needlessly ${needless.length} times, ${(mutedMs / 1000).toFixed(1)} s together`];
}

/** `1:02.4` */
function clock(ms: number): string {
  const seconds = ms / 1000;
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}
