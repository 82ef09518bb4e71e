// The emitting thread of a real-time run. When Callsign runs from its sources this file is handed to a bare Node
// worker as it stands (see frame-stream.ts), so it must be valid JavaScript too: no type syntax, no imports of ours.
import { parentPort, workerData } from "node:worker_threads";

// Same clock as monotonic-clock.ts.
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

// samples: Float32Array; frameLength, periodMs, total: numbers; stop: SharedArrayBuffer of one int32, not 0 to stop.
const { samples, frameLength, periodMs, total } = workerData;
const stop = new Int32Array(workerData.stop);
const startMs = nowMs() + periodMs;

for (let index = 0; index < total; index++) {
  const dueMs = startMs + index * periodMs;
  // Sleeps on the flag instead of a timer: exact to some 0.1 ms where timers count whole ones, and woken at once to stop.
  for (let restMs = dueMs - nowMs(); restMs > 0; restMs = dueMs - nowMs()) {
    if (Atomics.wait(stop, 0, 0, restMs) !== "timed-out") break;
  }
  if (Atomics.load(stop, 0) !== 0) break;
  const frame = samples.slice(index * frameLength, (index + 1) * frameLength);
  const emittedMs = nowMs();
  parentPort?.postMessage({ index, frame, dueMs, emittedMs }, [frame.buffer]);
}
