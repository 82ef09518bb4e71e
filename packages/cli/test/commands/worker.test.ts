import { describe, expect, it } from "vitest";

import { runCaptured } from "../support/run-captured.ts";

describe("worker", () => {
  it("wants a store to work, and refuses a queue that does not answer", async () => {
    const queue = ["--queue", "redis://127.0.0.1:1"];
    const without = await runCaptured(["worker", ...queue]);
    expect(without.exitCode).toBe(2);
    expect(without.stderr).toContain("expected --store with it");
    const status = await runCaptured(["worker", ...queue, "--status"]);
    expect(status.exitCode).toBe(1);
    expect(status.stderr).toMatch(/^error \[QUEUE_FAILED\] --queue redis:\/\/127.0.0.1:1: cannot be used/);
  });
});
