import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import util from "node:util";
import type { BackendAdapter } from "./backend.ts";
import { importTensorFlow, takeCharge } from "./import-tensorflow.ts";

/** TensorFlow's C library on the CPU, through tfjs-node. */
export const tensorflow: BackendAdapter = {
  name: "tensorflow",
  enable: "npm install @tensorflow/tfjs-node@4.22.0, which downloads its TensorFlow 2.9 binary",
  load: () => loadAddon("@tensorflow/tfjs-node", { needsGpu: false }),
};

/** TensorFlow's C library on an NVIDIA GPU, through tfjs-node-gpu. */
export const tensorflowGpu: BackendAdapter = {
  name: "tensorflow-gpu",
  enable:
    "npm install @tensorflow/tfjs-node-gpu@4.22.0, which downloads its TensorFlow 2.9 binary, on a machine with CUDA 11",
  load: () => loadAddon("@tensorflow/tfjs-node-gpu", { needsGpu: true }),
};

type AddonName = "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu";

async function loadAddon(name: AddonName, { needsGpu }: { readonly needsGpu: boolean }): Promise<Loaded> {
  const binding = bindingPath(name);
  // Looked for first: importing both packages, even in vain, makes TensorFlow.js print 170 warnings.
  if (!existsSync(binding)) throw new Error(`its native addon is not built: ${binding} is missing`);
  const other = loadedAddon();
  if (other !== undefined && other !== name)
    throw new Error(`${other} is already loaded, and a process can hold only one of the two`);
  restoreRemovedUtilities();
  // Libraries do not print: TensorFlow would tell stderr what CPU it found. Its line about oneDNN stays: only switching
  // oneDNN off silences that, and then products take a quarter longer.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  const tf = await importTensorFlow();
  await import(name);
  await takeCharge(tf, "tensorflow");
  const native = tf.backend() as unknown as {
    readonly isUsingGpuDevice?: boolean;
    readonly isGPUPackage?: boolean;
  };
  if (needsGpu && native.isUsingGpuDevice !== true) throw new Error("it is installed, but finds no CUDA GPU");
  return {
    tf,
    device: `TensorFlow, ${needsGpu ? "CUDA GPU" : "CPU"}`,
    release: () => undefined,
  };
}

type Loaded = Awaited<ReturnType<BackendAdapter["load"]>>;

const resolve = createRequire(import.meta.url);

/** Where node-pre-gyp puts the addon: the highest Node-API version that the package knows, 8. */
const bindingPath = (name: AddonName): string =>
  join(dirname(resolve.resolve(`${name}/package.json`)), "lib", "napi-v8", "tfjs_binding.node");

const ADDONS: readonly AddonName[] = ["@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"];

const loadedAddon = (): AddonName | undefined =>
  ADDONS.find((name) => Object.keys(resolve.cache).some((path) => path.includes(join(name, "dist"))));

/** Node 23 dropped what tfjs-node 4.22 calls at every matMul. */
function restoreRemovedUtilities(): void {
  const removed = util as unknown as Record<string, unknown>;
  removed["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
  removed["isArray"] ??= Array.isArray;
}
