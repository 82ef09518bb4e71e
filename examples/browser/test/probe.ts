// The library for tests that run in the browser; built beside the page.
import { detections } from "@callsign/infer";
import workletUrl from "@callsign/audio/capture-processor.js?url";
import { listen, openWebMicrophone } from "@callsign/infer/web";

const makeWorker = (): Worker => new Worker(new URL("../src/worker.ts", import.meta.url), { type: "module" });

Object.assign(globalThis, { detections, listen, makeWorker, openWebMicrophone, workletUrl });
