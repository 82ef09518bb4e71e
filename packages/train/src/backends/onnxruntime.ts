import { availableParallelism } from "node:os";
import type { BackendAdapter } from "./backend.ts";
import { importTensorFlow, takeCharge } from "./import-tensorflow.ts";

/** Whole training steps as ONNX graphs in onnxruntime, which detection needs anyway: the fastest that is always there. */
export const onnxruntime: BackendAdapter = {
  name: "onnxruntime",
  enable: "always there",
  async load() {
    const tf = await importTensorFlow();
    const { createNodeSession } = await import("@callsign/infer/node");
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
