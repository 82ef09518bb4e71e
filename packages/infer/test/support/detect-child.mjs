// A process of its own that detects once: `node detect-child.mjs MODEL main|worker`. Prints the number of detections.
import { once } from "node:events";
import { argv, stdout } from "node:process";
import { isMainThread, Worker } from "node:worker_threads";
import { register } from "tsx/esm/api";

const [, script, model, thread] = argv;

if (isMainThread && thread === "worker") {
  // Callsign is not loaded on the main thread, so nothing there has prepared the environment.
  await once(new Worker(script, { argv: [model, thread] }), "exit");
} else {
  register();
  const { loadDetector } = await import("@callsign/infer/node");
  const detector = await loadDetector(model);
  const samples = Float32Array.from({ length: 24_000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * i) / 16));
  const steps = await detector.detectClip(samples);
  await detector.dispose();
  stdout.write(String(steps.flatMap(({ detections }) => detections).length));
}
