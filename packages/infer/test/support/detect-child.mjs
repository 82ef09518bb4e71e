// A process of its own that detects once: `node detect-child.mjs MODEL main|worker`. Prints the number of detections, and
// with LIST_MODULES=1 the addresses of the modules that were loaded.
import { once } from "node:events";
import { register as registerHooks } from "node:module";
import { argv, env, stdout } from "node:process";
import { isMainThread, MessageChannel, Worker } from "node:worker_threads";
import { register } from "tsx/esm/api";

const [, script, model, thread] = argv;

if (isMainThread && thread === "worker") {
  // Callsign is not loaded on the main thread, so nothing there has prepared the environment.
  await once(new Worker(script, { argv: [model, thread] }), "exit");
} else {
  register();
  const modules = [];
  if (env.LIST_MODULES === "1") {
    const { port1, port2 } = new MessageChannel();
    port1.on("message", (url) => modules.push(url));
    port1.unref();
    const hooks = `let port;
      export const initialize = (data) => { port = data; };
      export const load = (url, context, next) => { port.postMessage(url); return next(url, context); };`;
    const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
    registerHooks(url, { data: port2, transferList: [port2] });
    await import("@callsign/infer");
  }
  const { loadDetector } = await import("@callsign/infer/node/internal");
  const detector = await loadDetector(model);
  const samples = Float32Array.from({ length: 24_000 }, (_, i) => 0.25 * Math.sin((2 * Math.PI * i) / 16));
  const steps = await detector.detectClip(samples);
  await detector.dispose();
  // The hooks run in a thread of their own: its messages come with the next turns.
  await new Promise((resolve) => setTimeout(resolve, 100));
  stdout.write([steps.flatMap(({ detections }) => detections).length, ...modules].join("\n"));
}
