/** `train-child.ts DATA OUT CONFIG STEP`: a process of its own that trains, or goes on, until SIGKILL at a step ends it. */
import { loadBackend, parseDetectorConfig, trainDetector } from "@callsign/train/internal";

const [dataDir, outDir, config, killAtStep] = process.argv.slice(2) as [string, string, string, string];
const { backend } = await loadBackend("onnxruntime");
const events = trainDetector({
  config: parseDetectorConfig(JSON.parse(config), { name: "child" }),
  dataDir,
  outDir,
  backend,
  resume: true,
});
for await (const event of events)
  if (
    event.kind === "progress" &&
    event.progress.stage === "train" &&
    event.progress.done >= Number(killAtStep)
  )
    process.kill(process.pid, "SIGKILL");
