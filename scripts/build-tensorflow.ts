/**
 * `npx tsx scripts/build-tensorflow.ts [--gpu] [--index-url URL]`: builds the native addon of @tensorflow/tfjs-node
 * (or -gpu) against a current TensorFlow wheel from pip, since the binary it would download is TensorFlow 2.9 for
 * CUDA 11. Needs python3 with pip, g++ and Node's headers; pip's own configuration says where the wheel comes from.
 * The wheel (1.3 GB unpacked) stays in the user's cache, because the addon loads its libraries from there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: { gpu: { type: "boolean", default: false }, "index-url": { type: "string" } },
});
const addon = flags.gpu ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node";
const wheel = flags.gpu ? "tensorflow[and-cuda]" : "tensorflow-cpu";

const train = createRequire(new URL("../packages/train/package.json", import.meta.url));
const packageDir = dirname(train.resolve(`${addon}/package.json`));
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
const wheelDir = join(cache, "callsign", flags.gpu ? "tensorflow-gpu" : "tensorflow-cpu");
const libraries = join(wheelDir, "tensorflow");
const output = join(packageDir, "lib", "napi-v8", "tfjs_binding.node");

fetchWheel();
compile();
console.log(
  `Built ${output}\nNow: callsign train --backend ${flags.gpu ? "tensorflow-gpu" : "tensorflow"} ...`,
);

function fetchWheel(): void {
  if (existsSync(join(libraries, "libtensorflow_cc.so.2"))) return;
  const index = flags["index-url"] === undefined ? [] : ["--index-url", flags["index-url"]];
  // TensorFlow's Python dependencies are of no use here; CUDA's libraries are, and come as dependencies.
  const dependencies = flags.gpu ? [] : ["--no-deps"];
  run("python3", ["-m", "pip", "install", ...dependencies, "--target", wheelDir, ...index, wheel]);
}

function compile(): void {
  mkdirSync(dirname(output), { recursive: true });
  const rpaths = [libraries, ...cudaLibraries()].map((folder) => `-Wl,-rpath,${folder}`);
  const includes = [nodeHeaders(), join(libraries, "include"), packageDir].map((folder) => `-I${folder}`);
  const defines = ["NAPI_VERSION=8", "NODE_GYP_MODULE_NAME=tfjs_binding", "BUILDING_NODE_EXTENSION"];
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((file) => join(packageDir, "binding", file));
  const linked = [`-L${libraries}`, "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"];
  const compiler = ["-O2", "-shared", "-fPIC", "-std=c++17", ...defines.map((name) => `-D${name}`)];
  run("g++", [...compiler, ...includes, ...sources, ...linked, ...rpaths, "-o", output]);
}

/** Folders of CUDA's libraries as the wheel's dependencies bring them: nvidia/NAME/lib. */
function cudaLibraries(): string[] {
  const nvidia = join(wheelDir, "nvidia");
  if (!existsSync(nvidia)) return [];
  const folders = readdirSync(nvidia).map((name) => join(nvidia, name, "lib"));
  return folders.filter((folder) => existsSync(folder));
}

/** Beside the running Node, as its archives have them; else where Debian's libnode-dev puts them. */
function nodeHeaders(): string {
  const candidates = [join(dirname(process.execPath), "..", "include", "node"), "/usr/include/node"];
  const found = candidates.find((folder) => existsSync(join(folder, "node_api.h")));
  if (found === undefined) fail(`node_api.h is in none of ${candidates.join(", ")}; install Node's headers.`);
  return found;
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error) fail(`${command} does not start: ${error.message}`);
  if (status !== 0) fail(`${command} ended with status ${status}; its messages are above.`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
