import { cpSync, mkdirSync } from "node:fs";
import { describeMeasured, measureWord, readTests } from "./words/measure.ts";
import { writeWordsReadme } from "./words/readme.ts";
const tests = readTests("/tmp/h/words-tests.yaml");
const measured = await measureWord("runs/words/computer/model", { name: "computer", tests, signal: new AbortController().signal });
console.log(JSON.stringify(measured));
const folder = "packages/words/models/computer"; mkdirSync(folder, { recursive: true });
cpSync("runs/words/computer/model/model.onnx", `${folder}/model.onnx`);
describeMeasured("runs/words/computer/model", { folder, measured }); writeWordsReadme("packages/words");
