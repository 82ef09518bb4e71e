import { expect, it } from "vitest";
import { judgeDetections } from "../../src/conversation/judge-detections.ts";

const at = (label: string, seconds: number) => ({ label, score: 0.9, timestampMs: 1000 * seconds });
const said = (text: string, from: number, to: number) => ({
  startSample: from * 16_000,
  endSample: to * 16_000,
  text,
});
const truth = {
  sampleRateHz: 16_000,
  frameLength: 512,
  numSamples: 20 * 16_000,
  commands: [said("on", 2, 3), said("off", 3.5, 4), said("on", 10, 11)],
} as const;

it("counts a detection of the label during or just after a command as heard, every other one as a false alarm", () => {
  const [early, hit, second, other, late] = [
    at("on", 1.9),
    at("on", 3.2),
    at("on", 3.9),
    at("on", 4.1),
    at("on", 12.1),
  ];
  const off = at("off", 4.9);
  const { commands, falseAlarms } = judgeDetections(truth, [early, hit, second, other, off, late]);
  expect(commands.map(({ detection }) => detection)).toEqual([hit, off, undefined]);
  expect(falseAlarms).toEqual([early, second, other, late]);
});

it("gives a detection to one command alone", () => {
  const close = { ...truth, commands: [said("on", 2, 3), said("on", 3.2, 3.8)] };
  const { commands, falseAlarms } = judgeDetections(close, [at("on", 3.3)]);
  expect(commands.map(({ detection }) => detection?.timestampMs)).toEqual([3300, undefined]);
  expect(falseAlarms).toEqual([]);
});
