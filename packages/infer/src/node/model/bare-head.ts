import { basename } from "node:path";
import { type BareHeadOptions, describeBareHead } from "../../model/bare-head-card.ts";
import type { SessionFactory } from "../../runtime/session.ts";
import { readModelFile, type ModelFiles } from "./model-folder.ts";
import { createNodeSession } from "../runtime/session.ts";
import { sha256Hex } from "../files/sha256.ts";

export type { BareHeadOptions } from "../../model/bare-head-card.ts";

/**
 * Reads an .onnx file without a card and generates its card by `describeBareHead`.
 * @throws CallsignError `MODEL_NOT_FOUND`, and errors of `describeBareHead`
 */
export async function readBareHead(
  path: string,
  options: BareHeadOptions & {
    /** Default `createNodeSession()`. */
    readonly createSession?: SessionFactory;
    /** Receives notes for the user, one sentence each. */
    readonly onNote?: (note: string) => void;
  } = {},
): Promise<ModelFiles> {
  const { createSession = createNodeSession(), onNote, ...head } = options;
  const classifier = await readModelFile(path);
  const sha256 = sha256Hex(classifier);
  const { card, notes } = await describeBareHead(classifier, {
    ...head,
    fileName: basename(path),
    path,
    sha256,
    createSession,
  });
  for (const note of notes) onNote?.(note);
  return { card, classifier, name: path };
}
