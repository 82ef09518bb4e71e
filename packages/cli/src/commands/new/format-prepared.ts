import type { BuildPlan } from "@callsign/data/internal";
import type { RecipeBudget, StageSeconds } from "@callsign/train/internal";

import { formatDuration } from "../../output/progress.ts";
import type { Prepared } from "./prepare.ts";

/** Text about a config that was written: where it is, what is made from it, how long that takes, and what it lacks. */
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
  `note: that is more than the budget of ${BUDGET_WORDS[budget]}, which sets the amounts of data; ` +
  "more phrases, recordings and fewer cores take longer";

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
