import type { BackendAdapter } from "./backend.ts";
import { importTensorFlow, takeCharge } from "./import-tensorflow.ts";

/** Plain JavaScript: slow, everywhere, the reference for the others. */
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
