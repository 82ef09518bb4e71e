import { readdir } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";

import type { ChallengeClip, Conversation } from "@callsign/eval";
import { CallsignError } from "@callsign/infer";

const TRUTH = "truth.json";
const AUDIO = "conversation.wav";

/** Where a conversation's files lie. */
export const conversationFiles = (folder: string) => ({
  clip: join(folder, AUDIO),
  truth: join(folder, TRUTH),
  said: join(folder, "said.json"),
});

/** Writes clip, truth and what is said into a folder. @throws CallsignError `FILE_WRITE_FAILED` */
export async function writeConversation(folder: string, conversation: Conversation): Promise<void> {
  const { writeWav } = await import("@callsign/infer");
  const { writeFileAtomic } = await import("@callsign/infer/node");
  const { samples, truth, said } = conversation;
  const files = conversationFiles(folder);
  await writeFileAtomic(files.clip, writeWav({ samples, sampleRateHz: truth.sampleRateHz }));
  await writeFileAtomic(files.said, `${JSON.stringify(said, null, 1)}\n`);
  // Last: a clip counts once it has its truth.
  await writeFileAtomic(files.truth, `${JSON.stringify(truth, null, 1)}\n`);
}

/** The conversations in a folder and below it, by name. @throws CallsignError `FILE_NOT_FOUND` if there is none */
export async function findConversations(
  folder: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<ChallengeClip[]> {
  const { readChallengeTruth } = await import("@callsign/eval");
  const { readAudioFile } = await import("@callsign/infer/node");
  const paths = await readdir(folder, { recursive: true }).catch(() => []);
  const folders = paths
    .filter((path) => basename(path) === TRUTH)
    .map((path) => dirname(join(folder, path)))
    .toSorted();
  if (folders.length === 0)
    throw new CallsignError(
      "FILE_NOT_FOUND",
      `${folder}: expected conversations (${AUDIO} beside ${TRUTH}), found none; make some with --config`,
    );
  return folders.map((clip) => ({
    name: relative(folder, clip) || ".",
    read: async () => {
      const files = conversationFiles(clip);
      const { samples } = await readAudioFile(files.clip, { signal });
      return { samples, truth: await readChallengeTruth(files.truth) };
    },
  }));
}
