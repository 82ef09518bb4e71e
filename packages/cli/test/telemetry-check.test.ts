import { expect, it } from "vitest";
import { telemetryCheck } from "../src/checks/inference-checks.ts";

it("doctor says when the environment leaves onnxruntime's telemetry on", () => {
  expect(telemetryCheck({ ORT_DISABLE_TELEMETRY: "1" })).toMatchObject({ found: true });
  expect(telemetryCheck({ ORT_DISABLE_TELEMETRY: "0" })).toMatchObject({
    found: false,
    detail: "ORT_DISABLE_TELEMETRY=0",
    fix: expect.stringMatching(/unset ORT_DISABLE_TELEMETRY/) as string,
  });
});
