import type { BackendAdapter } from "./backend.ts";
import { importTensorFlow, takeCharge } from "./import-tensorflow.ts";

/** Plain JavaScript: slow, always available, the reference for the other backends. */
export const cpu: BackendAdapter = {
  name: "cpu",
  enable: "always there",
  async load() {
    const tf = await importTensorFlow();
    await takeCharge(tf, "cpu");
    return {
      tf,
      device: `JavaScript, Node ${process.versions.node}`,
      release: () => undefined,
    };
  },
};
