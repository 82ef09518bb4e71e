import { basename } from "node:path";

import type { ChallengeReportParts } from "@callsign/eval/internal";

export type ClipReportParts = Pick<
  ChallengeReportParts,
  "mode" | "result" | "run" | "samples" | "truth" | "threshold" | "model" | "lookAhead"
>;

/** Writes report.json and report.html of a challenge run; returns the path of the page. */
export async function writeClipReport(
  parts: ClipReportParts,
  options: {
    readonly folder: string;
    readonly clip: string;
    readonly command: string;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { machineFacts, makeChallengeReport, writeChallengeReport } = await import("@callsign/eval/internal");
  const { toolIdentity } = await import("@callsign/infer/node/internal");
  const { tool: name, ...version } = toolIdentity();
  const { folder, clip, command, signal } = options;
  const report = makeChallengeReport({
    ...parts,
    clipName: basename(clip),
    command,
    machine: machineFacts(),
    tool: { name, ...version },
    createdAt: new Date(),
  });
  return (await writeChallengeReport(folder, report, { signal })).htmlPath;
}
