import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCaptured } from "../support/run-captured.ts";

describe("callsign eval conversation", () => {
  it("reports missing --config or --model, and a folder without conversations", async () => {
    const out = await mkdtemp(join(tmpdir(), "callsign-conversation-"));
    const neither = await runCaptured(["eval", "conversation", "--out", out]);
    expect(neither.exitCode).not.toBe(0);
    expect(neither.stderr).toContain("--config to make conversations, --model to score");
    const none = await runCaptured(["eval", "conversation", "--out", out, "--model", out]);
    expect(none.exitCode).not.toBe(0);
    expect(none.stderr).toContain("expected conversations (conversation.wav beside truth.json)");
    const delays = ["--model", out, "--look-ahead", "0,-40"];
    expect((await runCaptured(["eval", "conversation", "--out", out, ...delays])).stderr).toContain(
      "0,40,80",
    );
    await rm(out, { recursive: true });
  });
});
