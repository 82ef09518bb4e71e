import { InvalidArgumentError } from "commander";

/** Reads a number. Like all parsers here it throws `InvalidArgumentError`, which commander prints with the flag's name. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new InvalidArgumentError(`Expected a number, got "${text}".`);
  return value;
}

/** Reads a number above 0. */
export function parsePositive(text: string): number {
  const value = parseNumber(text);
  if (value > 0) return value;
  throw new InvalidArgumentError(`Expected a number above 0, got "${text}".`);
}

/** Reads a percentage, 0 to 100. */
export function parsePercent(text: string): number {
  const value = parseNumber(text);
  if (value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError(`Expected a percentage of 0 to 100, got "${text}".`);
}

/** Reads a whole number of 1 or more. */
export const parseCount = wholeNumber(1, Number.MAX_SAFE_INTEGER, "a whole number of 1 or more");

/** Reads a number of worker threads, 1 to 256. */
export const parseWorkers = wholeNumber(1, 256, "a whole number from 1 to 256");

/** Reads a TCP port, 0 to 65535; 0 takes any free port. */
export const parsePort = wholeNumber(0, 65_535, "a port 0 to 65535");

/** Reads a delay in milliseconds, 0 to 10000. */
export function parseDelay(text: string): number {
  const delay = text.trim() === "" ? Number.NaN : Number(text);
  if (delay >= 0 && delay <= 10_000) return delay;
  throw new InvalidArgumentError(`Expected a delay of 0 to 10000 ms, got "${text}".`);
}

/** Reads delays separated by commas. */
export function parseDelays(text: string): number[] {
  try {
    return text.split(",").map(parseDelay);
  } catch {
    throw new InvalidArgumentError(`Expected delays of 0 to 10000 ms, such as 0,40,80; got "${text}".`);
  }
}

/** Reads `MISSED:NEEDLESS`, two costs above 0. */
export function parseCosts(text: string): { readonly missed: number; readonly needless: number } {
  const [missed = 0, needless = 0, ...rest] = text.split(":").map(Number);
  if (rest.length === 0 && missed > 0 && needless > 0) return { missed, needless };
  throw new InvalidArgumentError(`Expected two costs above 0, such as 18:1, got "${text}".`);
}

function wholeNumber(low: number, high: number, expected: string): (text: string) => number {
  return (text) => {
    const value = parseNumber(text);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Expected ${expected}, got "${text}".`);
  };
}
