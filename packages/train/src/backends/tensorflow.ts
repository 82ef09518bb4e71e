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
  // Checked first: importing both packages, even unsuccessfully, makes TensorFlow.js print 170 warnings.
  if (!existsSync(binding)) throw new Error(`its native addon is not built: ${binding} is missing`);
  const other = loadedAddon();
  if (other !== undefined && other !== name)
    throw new Error(`${other} is already loaded, and a process can hold only one of the two`);
  restoreRemovedUtilities();
  // Stops TensorFlow from printing the CPU to stderr. Its line about oneDNN remains: only disabling oneDNN removes it, and
  // matrix products then take a quarter longer.
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

/** Path at which node-pre-gyp installs the addon; 8 is the highest Node-API version the package knows. */
const bindingPath = (name: AddonName): string =>
  join(dirname(resolve.resolve(`${name}/package.json`)), "lib", "napi-v8", "tfjs_binding.node");

const ADDONS: readonly AddonName[] = ["@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"];

const loadedAddon = (): AddonName | undefined =>
  ADDONS.find((name) => Object.keys(resolve.cache).some((path) => path.includes(join(name, "dist"))));

/** Restores `util` functions that Node 23 removed and tfjs-node 4.22 calls at every matMul. */
function restoreRemovedUtilities(): void {
  const removed = util as unknown as Record<string, unknown>;
  removed["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
  removed["isArray"] ??= Array.isArray;
}
