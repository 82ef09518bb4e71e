import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { CAPTURE_SOURCE } from "../../src/web/capture-worklet.ts";

it("is the same worklet as a file of the package and as text", async () => {
  const file = fileURLToPath(import.meta.resolve("@callsign/infer/capture-processor.js"));
  expect(await readFile(file, "utf8")).toBe(CAPTURE_SOURCE);
});
