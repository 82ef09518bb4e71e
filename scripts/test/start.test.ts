/** What `npm start` promises on any machine: its first act, and the config of its second. */
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readAudioFile } from "@callsign/audio/node/internal";
import { activeLevel } from "@callsign/data/internal";
import { readChallengeTruth } from "@callsign/eval/internal";
import { loadDetector, readyWords } from "@callsign/infer/node/internal";
import { parseDetectorConfig } from "@callsign/train/internal";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { hearConversation } from "../start/hear-conversation.ts";
import { newWord } from "../start/new-word.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const hasWord = readyWords().has("computer");

it.skipIf(!hasWord)(
  '"computer" hears at least 9 of 10 in the conversation of the repository, and nothing else',
  async () => {
    const clip = at("../start/conversation.opus");
    expect((await stat(clip)).size).toBeLessThan(1_000_000);
    const truth = await readChallengeTruth(at("../start/truth.json"));
    const { samples } = await readAudioFile(clip, { sampleRateHz: 16_000 });
    const detector = await loadDetector("computer");
    const { commands, falseAlarms, minutes } = await hearConversation(detector, { samples, truth });
    await detector.dispose();
    expect(minutes).toBeGreaterThan(3);
    expect(commands.length).toBeGreaterThanOrEqual(10);
    const hits = commands.filter(({ detection }) => detection !== undefined);
    expect(hits.length / commands.length).toBeGreaterThanOrEqual(0.9);
    expect(falseAlarms).toEqual([]);
    const half = samples.length / 2;
    const ratio = activeLevel(samples.subarray(0, half)) / activeLevel(samples.subarray(half));
    expect(Math.abs(20 * Math.log10(ratio))).toBeLessThan(6);
  },
);

it("makes a config for the user's phrases from configs/start.yaml", () => {
  const file = at("../../configs/start.yaml");
  const { labels, name, text, conversation } = newWord(file, ["Hey Nimbus", "lights out"]);
  expect(labels).toEqual(["hey nimbus", "lights out"]);
  const own = parseDetectorConfig(parse(text), { name });
  const other = parseDetectorConfig(parse(conversation), { name });
  expect(own.name).toBe(name);
  // The same seed and splits, so that the voices of the conversation are those that the training does not have.
  for (const field of ["seed", "labels"] as const) expect(other[field]).toEqual(own[field]);
  expect(other.data.splits).toEqual(own.data.splits);
  expect(other.data.engines).toEqual(own.data.engines);
  expect(() => newWord(file, ["--budget"])).toThrow("expected phrases");
});
