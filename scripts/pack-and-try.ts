/**
 * Packs the packages and installs them into empty folders as a stranger would from the registry, then checks what they
 * got: sizes, the examples of the packages' READMEs, `npx @callsign/cli`, and types under three module resolutions.
 * Needs the npm registry and nothing else. Exits with 1 where something is not as it should be.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fromInt16, writeWav } from "@callsign/audio/internal";
import { formatModelCard } from "@callsign/infer/internal";
import { ONNX_RUNTIME_INSTALL, readyWords } from "@callsign/infer/node/internal";
import { toneDetector, tones } from "../packages/infer/test/support/tone-detector.ts";
import { packPackages } from "./pack-packages.ts";
import { serveTarballs } from "./serve-tarballs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "callsign-try-"));
const library = join(folder, "library");
const command = join(folder, "command");
const faults: string[] = [];

try {
  const registry = await serveTarballs(packPackages(folder));
  for (const project of [library, command]) await startProject(project, registry.url);

  await install(library, "npm install @callsign/infer");
  await checkSize("@callsign/infer without a runtime", 60);
  await install(library, ONNX_RUNTIME_INSTALL);
  await checkSize("@callsign/infer and onnxruntime-node", 320);
  await checkExample("infer", /\btone 0\.\d+[^]*\btone 0\.\d+/);
  await checkExample("audio", /\d\.\d seconds/);
  await checkExample("onnx", /operators: \w+/);
  const doors = ["infer", "infer/node", "infer/web", "audio", "audio/node", "audio/web", "onnx"];
  await checkTypes(doors);
  await install(library, "npm uninstall onnxruntime-node");
  await install(library, "npm install --ignore-scripts onnxruntime-web@1.30.0");
  // onnxruntime-web with its dependencies is 148 MB of these, so the 150 MB that were aimed at are out of reach.
  await checkSize("@callsign/infer and onnxruntime-web", 176);

  // With its script onnxruntime-node fails to install where only the npm registry answers: npm then goes on without it.
  await install(command, "npm install @callsign/cli");
  if (!existsSync(join(command, "node_modules/onnxruntime-node")))
    await install(command, ONNX_RUNTIME_INSTALL);
  const detected = await run(command, "npx @callsign/cli detect recording.wav --model model");
  check("npx @callsign/cli detect hears two tones", detected.match(/\ttone\t/g)?.length === 2, detected);
  const words = [...readyWords().keys()];
  const listed = await run(command, "npx @callsign/cli models words");
  check("npx @callsign/cli lists the ready words", listed.includes(words[0] ?? "no ready words"), listed);
  if (words.length > 0) await checkExample("words", /computer/, command);
  for (const [name, pattern] of [
    ["data", /kal/],
    ["eval", /low/],
    ["train", /onnxruntime/],
    ["serve", /"status":"ok"/],
  ] as const)
    await checkExample(name, pattern, command);
  registry.server.close();
} finally {
  rmSync(folder, { recursive: true });
}
if (faults.length > 0) process.exitCode = 1;

async function startProject(project: string, registry: string): Promise<void> {
  const { card, classifier } = await toneDetector();
  mkdirSync(join(project, "model"), { recursive: true });
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "try", private: true, type: "module" }),
  );
  writeFileSync(join(project, ".npmrc"), `@callsign:registry=${registry}\naudit=false\nfund=false\n`);
  writeFileSync(join(project, "model", "model.json"), formatModelCard(card, { name: "model.json" }));
  writeFileSync(join(project, "model", card.classifier.file), classifier);
  writeFileSync(
    join(project, "recording.wav"),
    writeWav({ samples: fromInt16(tones()), sampleRateHz: 16_000 }),
  );
}

async function install(project: string, line: string): Promise<void> {
  const printed = await run(project, line);
  check(line, !printed.startsWith(`${line} failed`), printed);
}

/** Runs the example of a package's README as it was packed. */
async function checkExample(name: string, expected: RegExp, project = library): Promise<void> {
  const readme = readFileSync(join(project, "node_modules/@callsign", name, "README.md"), "utf8");
  writeFileSync(join(project, "example.js"), /```js\n([^]*?)```/.exec(readme)![1]!);
  const printed = await run(project, "node example.js");
  check(`the example of @callsign/${name}'s README runs`, expected.test(printed), printed);
}

/** Compiles a project that imports the entries, without skipLibCheck. */
async function checkTypes(entries: readonly string[]): Promise<void> {
  const source = entries.map((entry, i) => `import * as e${i} from "@callsign/${entry}";\nvoid e${i};\n`);
  writeFileSync(join(library, "consumer.ts"), source.join(""));
  for (const moduleResolution of ["node16", "nodenext", "bundler"]) {
    const module = moduleResolution === "bundler" ? "esnext" : moduleResolution;
    const options = `--strict --noEmit --target es2023 --lib es2023,dom,dom.iterable,dom.asynciterable --types node`;
    const printed = await run(
      library,
      `${join(root, "node_modules/.bin/tsc")} ${options} --typeRoots ${join(root, "node_modules/@types")} --module ${module} --moduleResolution ${moduleResolution} consumer.ts`,
    );
    check(`types under ${moduleResolution}`, printed.trim() === "", printed);
  }
}

async function checkSize(what: string, limitMb: number): Promise<void> {
  const mb = Number((await run(library, "du -sm node_modules")).split("\t")[0]);
  check(`${what}: ${mb} MB, at most ${limitMb}`, mb <= limitMb);
}

function check(what: string, passed: boolean, output = ""): void {
  console.log(`${passed ? "ok    " : "FAILED"}  ${what}`);
  if (passed) return;
  console.log(output);
  faults.push(what);
}

/** Runs a command line of plain words; its output, also where it fails. */
async function run(cwd: string, line: string): Promise<string> {
  const [program = "", ...args] = line.split(" ");
  // pnpm and npm pass their settings on to what they start; a stranger has none.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, env, timeout: 300_000 });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    return `${line} failed\n${stdout}${stderr}`;
  }
}
