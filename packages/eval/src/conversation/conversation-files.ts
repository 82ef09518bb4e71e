import { readdir } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { CallsignError, writeWav } from "@callsign/audio/internal";
import { readAudioFile } from "@callsign/audio/node/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";
import { readChallengeTruth } from "../challenge/truth.ts";
import type { Conversation } from "./conversation.ts";
import type { ChallengeClip } from "./evaluate-clips.ts";

const TRUTH = "truth.json";
const AUDIO = "conversation.wav";

/** Paths of the files of a conversation. */
export const conversationFiles = (folder: string) => ({
  clip: join(folder, AUDIO),
  truth: join(folder, TRUTH),
  said: join(folder, "said.json"),
});

/** Writes a conversation, its truth and its utterances into a folder. @throws CallsignError `FILE_WRITE_FAILED` */
export async function writeConversation(folder: string, conversation: Conversation): Promise<void> {
  const { samples, truth, said } = conversation;
  const files = conversationFiles(folder);
  await writeFileAtomic(files.clip, writeWav({ samples, sampleRateHz: truth.sampleRateHz }));
  await writeFileAtomic(files.said, `${JSON.stringify(said, null, 1)}\n`);
  // Last, because `findConversations` looks for the truth.
  await writeFileAtomic(files.truth, `${JSON.stringify(truth, null, 1)}\n`);
}

/** Finds the conversations in a folder and its subfolders, sorted by path. @throws CallsignError `FILE_NOT_FOUND` if there is none */
export async function findConversations(
  folder: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<ChallengeClip[]> {
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
