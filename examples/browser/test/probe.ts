// The library for tests that run in the browser; built beside the page.
import { detections } from "@callsign/infer";
import workletUrl from "@callsign/infer/capture-processor.js?url";
import { openWebMicrophone } from "@callsign/infer/web";

Object.assign(globalThis, { detections, openWebMicrophone, workletUrl });
