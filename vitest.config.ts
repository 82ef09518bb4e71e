import { defineConfig } from "vitest/config";

const conditions = ["@callsign/source"];

const TESTS = [
  "packages/*/test/**/*.test.ts",
  "scripts/test/**/*.test.ts",
  "examples/test/**/*.test.ts",
  "examples/browser/test/**/*.test.ts",
];

/** They fail or stub what a process loads once: onnxruntime-web keeps the first WebAssembly it gets. */
const ISOLATED = ["packages/infer/test/web/**/*.test.ts"];

export default defineConfig({
  resolve: { conditions: [...conditions, "node"] },
  ssr: { resolve: { conditions: [...conditions, "node"], externalConditions: ["node"] } },
  test: {
    projects: [
      // One process for many files: loading the packages takes longer than most files' tests. A file puts back what it
      // changes of the process: environment, globals, mocks.
      {
        extends: true,
        test: { name: "shared", include: TESTS, exclude: ISOLATED, isolate: false },
      },
      { extends: true, test: { name: "isolated", include: ISOLATED } },
    ],
    // Some tests use onnxruntime-node directly.
    env: { ORT_DISABLE_TELEMETRY: "1", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    setupFiles: ["test-support/setup.ts"],
    pool: "forks",
    // Synthesis and features allocate large buffers, and each makes V8 collect; its helper threads cost more than they save.
    execArgv: ["--single-threaded-gc"],
    reporters: process.env.CI ? ["default", "json"] : ["default"],
    outputFile: { json: "node_modules/.cache/vitest.json" },
    // Every core: Vitest would leave one free, and the tests wait for processes and disks more than they calculate.
    maxWorkers: "100%",
    // No test may depend on how busy the machine is: these only end one that hangs.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
  },
});
