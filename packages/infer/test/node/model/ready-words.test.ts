import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import { CALLSIGN_EMBEDDING, findReadyWord, loadDetector, readyWords } from "@callsign/infer/node/internal";
import { describe, expect, it } from "vitest";

describe.skipIf(readyWords().size === 0)("ready words", () => {
  it.each([...readyWords().keys()])("%s loads by its name, with the embedding that is here", async (name) => {
    const detector = await loadDetector(name);
    expect(detector.card.name).toBe(name);
    expect(detector.card.frontend.embedding.sha256).toBe(CALLSIGN_EMBEDDING.sha256);
    expect(Object.keys(detector.card.operatingPoints ?? {})).toEqual(detector.card.labels);
    // Half a second of silence is no command.
    expect((await detector.push(new Int16Array(8000))).flatMap(({ detections }) => detections)).toEqual([]);
    await detector.dispose();
  });

  it("say on their cards and in their READMEs what they were made of and whether people were heard", async () => {
    for (const [name, folder] of readyWords()) {
      const card = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
      expect(card.data.length, name).toBeGreaterThan(0);
      for (const { licence } of card.data) expect(licence, name).not.toMatch(/-(?:NC|ND|SA)\b|not stated/);
      expect(card.training, name).toHaveProperty("measured");
      expect(await readFile(join(folder, "README.md"), "utf8"), name).toContain("## On people's recordings");
    }
  });

  it("are less than 5 MB together", async () => {
    let bytes = 0;
    for (const folder of readyWords().values())
      for (const file of await readdir(folder)) bytes += (await stat(join(folder, file))).size;
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(5_000_000);
  });

  it("are found whatever the case, spaces or _, unless a folder has the name", async () => {
    for (const [name, folder] of readyWords()) {
      expect(findReadyWord(name)).toBe(folder);
      expect(findReadyWord(name.toUpperCase().replaceAll("-", " "))).toBe(folder);
      expect(findReadyWord(name.replaceAll("-", "_"))).toBe(folder);
    }
    expect(findReadyWord("./computer")).toBeUndefined();
    expect(findReadyWord("computer.onnx")).toBeUndefined();
    const before = process.cwd();
    const own = await mkdtemp(join(tmpdir(), "callsign-words-"));
    await mkdir(join(own, "computer"));
    process.chdir(own);
    try {
      expect(findReadyWord("computer")).toBeUndefined();
    } finally {
      process.chdir(before);
      await rm(own, { recursive: true });
    }
  });

  it("are suggested for a name that nothing has", () => {
    const message = /no ready word: .*one of computer.*; did you mean computer\?/;
    expect(() => findReadyWord("computr")).toThrow(CallsignError);
    expect(() => findReadyWord("computr")).toThrow(message);
  });
});
