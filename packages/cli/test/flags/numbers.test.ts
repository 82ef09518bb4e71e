import { describe, expect, it } from "vitest";
import {
  parseCosts,
  parseCount,
  parseDelays,
  parseNumber,
  parsePort,
  parsePositive,
  parseWorkers,
} from "../../src/flags/numbers.ts";

describe("parsers of numbers", () => {
  it("read numbers within their range", () => {
    expect(parseNumber("-1.5")).toBe(-1.5);
    expect(parsePositive("0.5")).toBe(0.5);
    expect(parseCount("3")).toBe(3);
    expect(parseWorkers("256")).toBe(256);
    expect(parsePort("0")).toBe(0);
    expect(parseDelays("0,40, 80.5")).toEqual([0, 40, 80.5]);
    expect(parseCosts("18:1")).toEqual({ missed: 18, needless: 1 });
  });

  it.each([
    [parseNumber, ["", "x", "Infinity"], /a number, got/],
    [parsePositive, ["0", "-1"], /a number above 0, got/],
    [parseCount, ["0", "1.5"], /a whole number of 1 or more, got/],
    [parseWorkers, ["0", "257"], /a whole number from 1 to 256, got/],
    [parsePort, ["-1", "65536"], /a port 0 to 65535, got/],
    [parseDelays, ["", "0,,1", "-1", "10001"], /delays of 0 to 10000 ms/],
    [parseCosts, ["18", "18:0", "1:2:3", "a:1"], /two costs above 0/],
  ] as const)("%o refuses others", (parse, texts, message) => {
    for (const text of texts) expect(() => parse(text), text).toThrow(message);
  });
});
