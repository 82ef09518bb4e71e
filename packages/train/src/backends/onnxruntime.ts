import { availableParallelism } from "node:os";
import { createNodeSession, ONNX_RUNTIME_INSTALL, requireOnnxRuntime } from "@callsign/infer/node";
import type { BackendAdapter } from "./backend.ts";
import { importTensorFlow, takeCharge } from "./import-tensorflow.ts";

/** Whole training steps as ONNX graphs in onnxruntime, which detection needs anyway: the fastest without a GPU. */
export const onnxruntime: BackendAdapter = {
  name: "onnxruntime",
  enable: ONNX_RUNTIME_INSTALL,
  async load() {
    await requireOnnxRuntime();
    const tf = await importTensorFlow();
    const { LazyBackend } = await import("./onnxruntime/lazy-backend.ts");
    const { registerKernels } = await import("./onnxruntime/kernels.ts");
    const threads = availableParallelism();
    if (tf.findBackend("onnxruntime") === null) {
      registerKernels("onnxruntime");
      tf.registerBackend(
        "onnxruntime",
        () => new LazyBackend(createNodeSession({ intraOpThreads: threads })),
      );
    }
    await takeCharge(tf, "onnxruntime");
    const backend = tf.findBackend("onnxruntime") as InstanceType<typeof LazyBackend>;
    return {
      tf,
      device: `onnxruntime, ${threads} thread${threads === 1 ? "" : "s"}`,
      submit: () => backend.submit(),
      release: () => undefined,
    };
  },
};
