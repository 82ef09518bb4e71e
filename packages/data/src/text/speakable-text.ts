import { CallsignError } from "@callsign/audio/internal";

/** Longest text an engine is given: a minute or so of speech, far beyond any phrase. */
const LONGEST_TEXT = 1000;

/**
 * Normalizes text for engines: Unicode NFC, control characters and runs of white space as one space, ends trimmed.
 * @throws CallsignError `INVALID_ARGUMENT` when nothing speakable is left, or too much
 */
export function speakableText(text: string, { engine }: { readonly engine: string }): string {
  const speakable = text
    .normalize("NFC")
    .replaceAll(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Co}]+/gu, " ")
    .trim();
  if (!/[\p{L}\p{N}]/u.test(speakable)) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${engine}: expected text with a letter or digit to speak, got ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  if (speakable.length > LONGEST_TEXT) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${engine}: expected at most ${LONGEST_TEXT} characters of text, got ${speakable.length}, beginning ` +
        `${JSON.stringify(speakable.slice(0, 40))}; split it into sentences`,
    );
  }
  return speakable;
}
