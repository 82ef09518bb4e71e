import type { BackendAdapter } from "./backend.ts";
import { importTensorFlow, takeCharge } from "./import-tensorflow.ts";

/** WebAssembly with SIMD, one thread: available on every machine. */
export const wasm: BackendAdapter = {
  name: "wasm",
  enable: "always there",
  async load() {
    const tf = await importTensorFlow();
    const { version_wasm: version } = await import("@tensorflow/tfjs-backend-wasm");
    await takeCharge(tf, "wasm");
    return {
      tf,
      device: `WebAssembly, tfjs-backend-wasm ${version}`,
      release: () => undefined,
    };
  },
};
