import { InvalidArgumentError } from "commander";

/** Milliseconds, for an option of commander. */
export function parseDelay(text: string): number {
  const delay = text.trim() === "" ? Number.NaN : Number(text);
  if (delay >= 0 && delay <= 10_000) return delay;
  throw new InvalidArgumentError(`Expected a delay of 0 to 10000 ms; got "${text}".`);
}

/** Several with commas between. */
export function parseDelays(text: string): number[] {
  try {
    return text.split(",").map(parseDelay);
  } catch {
    throw new InvalidArgumentError(`Expected delays of 0 to 10000 ms, such as 0,40,80; got "${text}".`);
  }
}
