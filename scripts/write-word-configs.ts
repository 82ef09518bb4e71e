// `npm run word-configs [-- BUDGET FOLDER]`: writes configs/words/*.yaml, the configs of the ready words, by the recipe of
// `callsign new` with budget 5m, 30m (default) or overnight; to another folder for a try.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RecipeBudget, RECIPE_SIZES } from "@callsign/train/internal";
import { WORDS, wordConfig } from "./word-config.ts";

const [budget = "30m", out] = process.argv.slice(2);
if (!(budget in RECIPE_SIZES))
  throw new Error(`word-configs: expected one of ${Object.keys(RECIPE_SIZES).join(", ")}, got ${budget}`);
const folder = out ?? fileURLToPath(new URL("../configs/words", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const word of WORDS)
  writeFileSync(join(folder, `${word.name}.yaml`), wordConfig(word, budget as RecipeBudget));
