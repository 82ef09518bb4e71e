import { join } from "node:path";

import type { ClipResult, ClipsSummary } from "@callsign/eval";
import { CallsignError } from "@callsign/infer";
import type { Command } from "commander";

import { type CliContext, printJson } from "../context.ts";
import { conversationFiles, findConversations, writeConversation } from "../conversation-clips.ts";
import { asProgress, follow } from "../follow.ts";
import { formatClips } from "../format-clips.ts";
import { addDetectorChoice, type DetectorChoice, openDetector } from "../open-detector.ts";
import { parseDelays } from "../parse-delays.ts";
import { parseNumber } from "../parse-number.ts";
import { parseThreshold, type Threshold } from "../parse-threshold.ts";

interface ConversationFlags extends DetectorChoice {
  readonly config?: string;
  readonly out: string;
  readonly minutes: number;
  readonly clips: number;
  readonly commandShare: number;
  readonly noise?: string;
  readonly seed: string;
  readonly model?: readonly string[];
  readonly threshold?: Threshold;
  readonly lookAhead?: readonly number[];
  readonly json?: boolean;
}

/** `callsign eval conversation`: something to evaluate on, where there is no recording, and models on it. */
export function registerEvalConversation(evaluate: Command, context: CliContext): void {
  const command = evaluate
    .command("conversation")
    .description(
      "Make conversations with a detector's commands in them, in voices and sentences its training never had, and their truth; " +
        "score models on them by the challenge's rules.",
    )
    .requiredOption(
      "--out <dir>",
      "folder for conversation.wav, truth.json and said.json; of several clips, 001 and so on in it",
    )
    .option(
      "--config <file>",
      "YAML config of the detector; without it, the conversations in --out are scored",
    )
    .option("--minutes <n>", "length of all clips together", parseNumber, 2)
    .option("--clips <n>", "number of clips", parseNumber, 1)
    .option(
      "--command-share <n>",
      "probability that an utterance is a command; about 0.13 in the challenge",
      parseNumber,
      0.35,
    )
    .option("--noise <dir>", "recordings for the background (default: synthetic noise only)")
    .option("--seed <seed>", "random seed for words, voices and times", "conversation")
    .option("--model <dir...>", "models to score on all conversations in --out")
    .option(
      "--threshold <score>",
      "detection threshold of all models, 0 to 1, for all labels or as LABEL=SCORE,... (default: each model card's)",
      parseThreshold,
    )
    .option(
      "--look-ahead <ms>",
      "also score with the outgoing audio delayed by these, such as 0,40,80",
      parseDelays,
    );
  addDetectorChoice(command)
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n  callsign eval conversation --config configs/start.yaml --out runs/conversation --minutes 5\n" +
        "  callsign eval conversation --config configs/start.yaml --out runs/hundred --minutes 100 --clips 100 --noise noise --command-share 0.13\n" +
        "  callsign eval conversation --out runs/hundred --model models/a models/b",
    )
    .action((flags: ConversationFlags) => converse(context, flags));
}

async function converse(context: CliContext, flags: ConversationFlags): Promise<void> {
  const { config, model: models = [] } = flags;
  if (config === undefined && models.length === 0)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "eval conversation: expected --config to make conversations, --model to score some, or both",
    );
  const made = config === undefined ? {} : await make(context, { ...flags, config });
  const scored = [];
  for (const model of models) scored.push({ model, ...(await score(context, { ...flags, model, models })) });
  if (flags.json) printJson(context, { ...made, ...(models.length > 0 && { models: scored }) });
  else if (models.length > 0) context.stdout(formatClips(scored));
}

async function make(context: CliContext, flags: ConversationFlags & { readonly config: string }) {
  const { parseDetectorConfig } = await import("@callsign/train");
  const { makeConversations, readNoises } = await import("@callsign/eval");
  const { readConfig } = await import("../read-config.ts");
  const { minutes, clips, seed, out, commandShare } = flags;
  const { env, signal } = context;
  const config = parseDetectorConfig(await readConfig(flags.config, { env }), { name: flags.config });
  const noises = flags.noise === undefined ? undefined : await readNoises(flags.noise, { seed, signal });
  const counts = { clips, commands: 0, utterances: 0 };
  const options = { config, minutes, clips, seed, commandShare, ...(noises && { noises }), signal };
  const events = makeConversations(options, async (conversation, clip) => {
    const folder = clips === 1 ? out : join(out, String(clip + 1).padStart(3, "0"));
    await writeConversation(folder, conversation);
    counts.commands += conversation.truth.commands.length;
    counts.utterances += conversation.said.length;
  });
  await follow(events, { context, show: asProgress });
  const where = clips === 1 ? conversationFiles(out).clip : out;
  if (!flags.json)
    context.stdout(`${counts.commands} commands among ${counts.utterances} utterances -> ${where}\n`);
  return { ...(clips === 1 ? conversationFiles(out) : { folder: out }), ...counts };
}

async function score(
  context: CliContext,
  flags: Omit<ConversationFlags, "model"> & { readonly model: string; readonly models: readonly string[] },
): Promise<{ readonly summary: ClipsSummary; readonly clips: readonly ClipResult[] }> {
  const { evaluateClips, summarizeClips } = await import("@callsign/eval");
  const { signal } = context;
  const found = await findConversations(flags.out, { signal });
  const detector = await openDetector(context, flags);
  try {
    const options = { detector, signal, ...(flags.lookAhead && { delaysMs: flags.lookAhead }) };
    const clips = await follow(evaluateClips(found, options), { context, show: asProgress });
    return { summary: summarizeClips(clips), clips };
  } finally {
    await detector.dispose();
  }
}
