import type * as dawn from "webgpu";
import type { BackendAdapter } from "./backend.ts";
import { importTensorFlow, takeCharge } from "./import-tensorflow.ts";

/** Any GPU that has Vulkan, Metal or Direct3D 12, through Dawn. */
export const webgpu: BackendAdapter = {
  name: "webgpu",
  enable:
    "npm install webgpu@0.6.2 @tensorflow/tfjs-backend-webgpu@4.22.0, and a GPU driver with Vulkan, Metal or Direct3D 12",
  async load({ automatic }) {
    checkVulkan();
    const module = await import("webgpu");
    const tf = await importTensorFlow();
    // A second Dawn beside the first crashes the process, so there is one until it is released.
    gpu ??= installGpu(module);
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (adapter === null) throw new Error("Dawn finds no GPU adapter");
    const { info } = adapter;
    const device = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ");
    // A GPU emulated on the CPU is slower than wasm: there for tests, never by itself.
    if (automatic && SOFTWARE.test(device)) throw new Error(`its only adapter is software: ${device}`);
    await import("@tensorflow/tfjs-backend-webgpu");
    await takeCharge(tf, "webgpu");
    return { tf, device: `WebGPU, ${device}`, release: removeGpu };
  },
};

let gpu: GPU | undefined;

const SOFTWARE = /llvmpipe|lavapipe|swiftshader|software/i;

/**
 * Dawn writes to stderr when it does not find Vulkan, so the library is looked for first: loading it as if it were an
 * addon fails either way, and the message tells whether it was there. @throws Error
 */
function checkVulkan(): void {
  if (process.platform !== "linux") return;
  try {
    process.dlopen({ exports: {} }, VULKAN);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (/cannot open shared object file/.test(reason))
      throw new Error(`Vulkan is not installed: ${reason}`, { cause });
  }
}

const VULKAN = "libvulkan.so.1";

/** The browser's objects that the backend expects to find. */
function installGpu({ create, globals }: typeof dawn): GPU {
  Object.assign(globalThis, globals);
  const created = create([]);
  const navigator = (globalThis as { navigator?: object }).navigator ?? {};
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true, writable: true });
  Object.defineProperty(navigator, "gpu", { value: created, configurable: true });
  return created;
}

/** Dawn keeps the process alive as long as its instance can be reached. */
function removeGpu(): void {
  gpu = undefined;
  const { navigator } = globalThis as { navigator?: { gpu?: unknown } };
  if (navigator) delete navigator.gpu;
}
