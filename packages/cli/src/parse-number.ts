import { InvalidArgumentError } from "commander";

/** Reads a flag's number; commander turns the refusal into a usage error naming the flag. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new InvalidArgumentError(`Expected a number, got "${text}".`);
  return value;
}

/** Reads a flag's whole number from 1 on. */
export function parseCount(text: string): number {
  const value = parseNumber(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError(`Expected a whole number from 1 on, got "${text}".`);
}
