/**
 * `npm run build-words [-- --recordings FILE --tests FILE --out DIR --configs DIR WORD...]`: makes the ready words of
 * @callsign/words from configs/words/*.yaml. Data and trainings stay in runs/words, so a rerun continues.
 *
 * `--recordings` is a YAML file with `corpora` and `noise` as in the `data` section of a config. Their licences must allow
 * models to be redistributed; another licence is refused. `--tests` is a YAML file that docs/words.md describes; its figures go
 * into the card and the README of each word.
 */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runCli } from "@callsign/cli";
import { stringify } from "yaml";
import { processContext } from "./process-context.ts";
import { checkLicences, mergeRecordings, readRecordings } from "./words/recordings.ts";
import { listConfigs, readYaml } from "./words/configs.ts";
import { describeMeasured, measureWord, readTests } from "./words/measure.ts";
import { writeWordsReadme } from "./words/readme.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    recordings: { type: "string" },
    tests: { type: "string" },
    configs: { type: "string", default: join(root, "configs", "words") },
    out: { type: "string", default: join(root, "packages", "words") },
  },
});
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const context = processContext(stop.signal);

const recordings = values.recordings === undefined ? {} : readRecordings(values.recordings);
checkLicences(recordings, values.recordings);
const tests = readTests(values.tests);
for (const config of listConfigs(values.configs, positionals)) {
  const name = basename(config, ".yaml");
  const run = join(root, "runs", "words", name);
  mkdirSync(run, { recursive: true });
  const merged = join(run, "config.yaml");
  writeFileSync(merged, stringify(mergeRecordings(readYaml(config), recordings)));
  const exitCode = await runCli(["run", "--config", merged, "--out", run], context);
  if (exitCode !== 0) process.exit(exitCode);
  const measured = await measureWord(join(run, "model"), { name, tests, signal: stop.signal });
  const folder = join(values.out, "models", name);
  mkdirSync(folder, { recursive: true });
  cpSync(join(run, "model", "model.onnx"), join(folder, "model.onnx"));
  describeMeasured(join(run, "model"), { folder, measured });
}
writeWordsReadme(values.out);
