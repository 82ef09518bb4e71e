import { estimateStages, loadBackend, measureTraining } from "@callsign/train/internal";
import { expect, it } from "vitest";

import { smallConfig } from "../support/train-synthetic.ts";

it("measureTraining gives windows per second of the config's batch, from which the training's time is estimated", async () => {
  const { backend } = await loadBackend("cpu");
  const config = smallConfig({ noise: 1 });
  // A clock that each reading moves on by 0.4 s: three steps end after 1.2 s, and the last reading is after 1.6 s.
  let time = 0;
  const now = () => (time += 400);
  const windowsPerSecond = await measureTraining({ config, backend }, { seconds: 1, now });
  expect(windowsPerSecond).toBeCloseTo((3 * 48) / 1.6, 6);
  const { train } = config;
  const seconds = estimateStages({ sets: [], featureSeconds: 0 }, { train, workers: 2, windowsPerSecond });
  expect(seconds.train).toBeCloseTo((4 * 20 * 48) / windowsPerSecond, 6);
  backend.release();
});
