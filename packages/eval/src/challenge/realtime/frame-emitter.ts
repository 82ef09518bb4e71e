// Worker thread that emits the frames of a real-time run. When Callsign runs from its sources, plain Node executes this
// file unchanged (see frame-stream.ts), so it must be valid JavaScript: no type syntax, no imports from this project.
import { parentPort, workerData } from "node:worker_threads";

// Same clock as clock.ts.
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

// samples: Float32Array; frameLength, periodMs, total: numbers; stop: SharedArrayBuffer of one int32, not 0 to stop.
const { samples, frameLength, periodMs, total } = workerData;
const stop = new Int32Array(workerData.stop);
const startMs = nowMs() + periodMs;

for (let index = 0; index < total; index++) {
  const dueMs = startMs + index * periodMs;
  // Waits on the flag rather than a timer: accurate to about 0.1 ms instead of 1 ms, and stops immediately.
  for (let restMs = dueMs - nowMs(); restMs > 0; restMs = dueMs - nowMs()) {
    if (Atomics.wait(stop, 0, 0, restMs) !== "timed-out") break;
  }
  if (Atomics.load(stop, 0) !== 0) break;
  const frame = samples.slice(index * frameLength, (index + 1) * frameLength);
  const emittedMs = nowMs();
  parentPort?.postMessage({ index, frame, dueMs, emittedMs }, [frame.buffer]);
}
