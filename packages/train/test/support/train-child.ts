/** `train-child.ts DATA OUT CONFIG`: a process of its own that trains, or goes on, and prints a line each epoch. */
import { loadBackend, parseDetectorConfig, trainDetector } from "@callsign/train/internal";

const [dataDir, outDir, config] = process.argv.slice(2) as [string, string, string];
const { backend } = await loadBackend("onnxruntime");
const events = trainDetector({
  config: parseDetectorConfig(JSON.parse(config), { name: "child" }),
  dataDir,
  outDir,
  backend,
  resume: true,
});
for await (const event of events)
  if (event.kind === "epoch") process.stdout.write(`epoch ${event.record.epoch}\n`);
