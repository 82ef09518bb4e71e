import type { BuildPlan } from "@callsign/data/internal";
import type { RecipeBudget, StageSeconds } from "@callsign/train/internal";

import { formatDuration } from "../../output/progress.ts";
import type { Prepared } from "./prepare.ts";

/** Summary of a written config: its path, the plan of its build, the estimated time, and the amount of real speech. */
export async function formatPrepared(
  { configFile, plan, seconds }: Pick<Prepared, "configFile" | "plan" | "seconds">,
  budget: RecipeBudget,
): Promise<string> {
  const { formatPlan } = await import("../../output/format-data.ts");
  const { BUDGET_SECONDS } = await import("@callsign/train/internal");
  const isOver = totalSeconds(seconds) > BUDGET_SECONDS[budget];
  return (
    `config: ${configFile}\n${formatPlan(plan)}${formatSeconds(seconds)}` +
    `${isOver ? `${overBudget(budget)}\n` : ""}${speechNote(plan)}\n`
  );
}

const totalSeconds = ({ synthesize, features, train }: StageSeconds): number => synthesize + features + train;

const overBudget = (budget: RecipeBudget): string =>
  `note: that is longer than the budget of ${BUDGET_WORDS[budget]}, which was set for one phrase on two cores; ` +
  "more phrases, more recordings or fewer cores take longer";

const BUDGET_WORDS: Readonly<Record<RecipeBudget, string>> = {
  "5m": "5 minutes",
  "30m": "30 minutes",
  overnight: "one night (8 hours)",
};

function formatSeconds(seconds: StageSeconds): string {
  const { synthesize, features, train } = seconds;
  return (
    `time: about ${formatDuration(totalSeconds(seconds))} on this machine's processor ` +
    `(speech ${formatDuration(synthesize)}, features ${formatDuration(features)}, training ${formatDuration(train)}); ` +
    "if stopped, run the same command to continue\n"
  );
}

/** Amount of real speech, on which accuracy depends most. */
function speechNote({ sets }: BuildPlan): string {
  const corpora = sets.filter(({ kind }) => kind === "corpus");
  const seconds = corpora.reduce((sum, { seconds: length }) => sum + length, 0);
  return seconds === 0
    ? "real speech: none; all negatives are synthesized, so real speech will cause more false alarms. Add recordings with --speech"
    : `real speech: about ${formatDuration(seconds)} of recordings, used as negatives`;
}
