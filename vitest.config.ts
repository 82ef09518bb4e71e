import { defineConfig } from "vitest/config";

const conditions = ["@callsign/source"];

export default defineConfig({
  resolve: { conditions: [...conditions, "module", "node"] },
  ssr: { resolve: { conditions: [...conditions, "module", "node"], externalConditions: ["node"] } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "scripts/test/**/*.test.ts",
      "examples/browser/test/**/*.test.ts",
    ],
    // Some tests use onnxruntime-node directly.
    env: { ORT_DISABLE_TELEMETRY: "1" },
    setupFiles: ["test-support/setup.ts"],
    pool: "forks",
    reporters: process.env.CI ? ["default", "json"] : ["default"],
    outputFile: { json: "node_modules/.cache/vitest.json" },
    // Every core: Vitest would leave one free, and the tests wait for processes and disks more than they calculate.
    maxWorkers: "100%",
    testTimeout: 60_000,
    // 10 s by default; some hooks export a model.
    hookTimeout: 60_000,
    // One second by default, too little where the machine is busy.
    expect: { poll: { timeout: 20_000 } },
  },
});
