import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  parseDetectorConfig,
  parseEmbeddingConfig,
  type RecipeBudget,
  writeRecipe,
} from "@callsign/train/internal";
import { describe, expect, it } from "vitest";
import { WORDS, wordConfig } from "../../../scripts/word-config.ts";
import { parseConfig, readConfig } from "../src/config/read-config.ts";

const folder = fileURLToPath(new URL("../../../configs", import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));

describe("configs/", () => {
  it("contains the configs that the documentation names", () => {
    expect(files).toEqual(expect.arrayContaining(["start.yaml", "galactic-offline.yaml", "embedding.yaml"]));
  });

  it.each(files)("%s is valid", async (file) => {
    const value = await readConfig(join(folder, file), {
      env: { CALLSIGN_DATA: "/data", CALLSIGN_WAVEGLOW: "/waveglow" },
    });
    if (file.startsWith("embedding"))
      expect(parseEmbeddingConfig(value, { name: file }).name).toBe("callsign-embedding");
    else expect(parseDetectorConfig(value, { name: file }).labels).not.toEqual([]);
  });

  it("quickstart.yaml is what new writes for its phrase, below a comment", async () => {
    const text = await readFile(join(folder, "quickstart.yaml"), "utf8");
    const [comment, ...recipe] = text.split("\n\n");
    expect(comment).toMatch(/^(?:#.*\n?)+$/);
    expect(recipe.join("\n\n")).toBe(writeRecipe({ phrases: ["hey nimbus"], budget: "5m", seed: "1" }));
  });

  it.each(WORDS)("words/$name.yaml is what `npm run word-configs` writes", async (word) => {
    const text = await readFile(join(folder, "words", `${word.name}.yaml`), "utf8");
    expect(["5m", "30m", "overnight"].map((budget) => wordConfig(word, budget as RecipeBudget))).toContain(
      text,
    );
    expect(
      parseDetectorConfig(parseConfig(text, { name: word.name }), { name: word.name }).labels.map(
        ({ label }) => label,
      ),
    ).toEqual(Object.keys(word.phrases));
  });

  it("galactic-attention.yaml has the data of galactic-offline.yaml", async () => {
    const dataOf = async (file: string) =>
      parseDetectorConfig(await readConfig(join(folder, file), { env: { CALLSIGN_DATA: "/data" } }), {
        name: file,
      }).data;
    expect(await dataOf("galactic-attention.yaml")).toEqual(await dataOf("galactic-offline.yaml"));
  });
});
