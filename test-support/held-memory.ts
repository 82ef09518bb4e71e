import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/**
 * MiB of heap and array buffers that are still referenced: the lowest of five readings, since buffers are freed in the
 * background. Resident memory would also count garbage that waits to be collected.
 */
export async function heldMiB(): Promise<number> {
  let least = Infinity;
  for (let reading = 0; reading < 5; reading++) {
    collectGarbage();
    await setTimeout(20);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, (heapUsed + arrayBuffers) / 2 ** 20);
  }
  return least;
}
