import { expect, it } from "vitest";
import { telemetryCheck } from "../../src/commands/doctor/inference-checks.ts";

it("doctor reports telemetry that the environment leaves on", () => {
  expect(telemetryCheck({ ORT_DISABLE_TELEMETRY: "1" })).toMatchObject({ found: true });
  expect(telemetryCheck({ ORT_DISABLE_TELEMETRY: "0" })).toMatchObject({
    found: false,
    detail: "ORT_DISABLE_TELEMETRY=0",
    fix: expect.stringMatching(/unset ORT_DISABLE_TELEMETRY/) as string,
  });
});
