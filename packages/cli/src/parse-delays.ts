import { InvalidArgumentError } from "commander";

/** Milliseconds with commas between, for an option of commander. */
export function parseDelays(text: string): number[] {
  const delays = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (delays.every((delay) => delay >= 0 && delay <= 10_000)) return delays;
  throw new InvalidArgumentError(`Expected delays of 0 to 10000 ms, such as 0,40,80; got "${text}".`);
}
