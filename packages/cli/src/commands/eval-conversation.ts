import { join } from "node:path";

import type { Command } from "commander";

import { type CliContext, printJson } from "../context.ts";
import { asProgress, follow } from "../follow.ts";
import { parseNumber } from "../parse-number.ts";

interface ConversationFlags {
  readonly config: string;
  readonly out: string;
  readonly minutes: number;
  readonly seed: string;
  readonly json?: boolean;
}

/** `callsign eval conversation`: something to evaluate on, where there is no recording. */
export function registerEvalConversation(evaluate: Command, context: CliContext): void {
  evaluate
    .command("conversation")
    .description(
      "Make a conversation with a detector's commands in it, in voices and sentences its training never had, and its truth.",
    )
    .requiredOption("--config <file>", "YAML config of the detector")
    .requiredOption("--out <dir>", "folder for conversation.wav, truth.json and said.json")
    .option("--minutes <n>", "length", parseNumber, 2)
    .option("--seed <seed>", "of what is said, by whom and when", "conversation")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign eval conversation --config configs/start.yaml --out runs/conversation --minutes 5",
    )
    .action((flags: ConversationFlags) => converse(context, flags));
}

async function converse(context: CliContext, flags: ConversationFlags): Promise<void> {
  const { parseDetectorConfig } = await import("@callsign/train");
  const { makeConversation } = await import("@callsign/eval");
  const { writeWav } = await import("@callsign/infer");
  const { writeFileAtomic } = await import("@callsign/infer/node");
  const { readConfig } = await import("../read-config.ts");
  const config = parseDetectorConfig(await readConfig(flags.config, { env: context.env }), {
    name: flags.config,
  });
  const { minutes, seed, out } = flags;
  const events = makeConversation({ config, minutes, seed, signal: context.signal });
  const { samples, truth, said } = await follow(events, { context, show: asProgress });
  const files = {
    clip: join(out, "conversation.wav"),
    truth: join(out, "truth.json"),
    said: join(out, "said.json"),
  };
  await writeFileAtomic(files.clip, writeWav({ samples, sampleRateHz: truth.sampleRateHz }));
  await writeFileAtomic(files.truth, `${JSON.stringify(truth, null, 1)}\n`);
  await writeFileAtomic(files.said, `${JSON.stringify(said, null, 1)}\n`);
  const counts = { commands: truth.commands.length, utterances: said.length };
  if (flags.json) printJson(context, { ...files, ...counts });
  else context.stdout(`${counts.commands} commands among ${counts.utterances} utterances -> ${files.clip}\n`);
}
