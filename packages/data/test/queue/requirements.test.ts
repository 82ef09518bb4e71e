import { jobId, openJobQueue, openStore } from "@callsign/data/internal";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { requirementsHere, requirementsId } from "../../src/queue/requirements.ts";
import { refusal } from "../../../../test-support/refusal.ts";

const identity = { tool: "callsign", version: "1.2.3" } as const;

describe("requirements", () => {
  it("differ with version, commit and store, and name what computes", () => {
    const here = requirementsHere(identity, { store: "a" });
    expect(here).toMatchObject({ callsign: "1.2.3", node: process.versions.node.split(".")[0] });
    expect(here.onnxruntime).toMatch(/^\d+\.\d+\.\d+/);
    const others = [
      requirementsHere({ ...identity, gitCommit: "abc" }, { store: "a" }),
      requirementsHere(identity, { store: "b" }),
    ];
    expect(new Set([here, ...others].map(requirementsId)).size).toBe(3);
  });
});

describe("jobId", () => {
  it("is that of the work, not of the order of keys or of who asks", () => {
    const request = { task: "features", setup: { a: 1, b: 2 }, input: [1], files: [] };
    const id = jobId(request, "needs");
    expect(jobId({ files: [], input: [1], setup: { b: 2, a: 1 }, task: "features" }, "needs")).toBe(id);
    expect(jobId({ ...request, input: [2] }, "needs")).not.toBe(id);
    expect(jobId(request, "other needs")).not.toBe(id);
  });
});

describe("openJobQueue", () => {
  it("refuses a wrong address at once, without its password", async () => {
    const store = await openStore(join(tmpdir(), "callsign-no-queue"), { env: {} });
    const open = (url: string) => openJobQueue({ url, store, identity });
    await expect(open("redis://user:secret@127.0.0.1:1/0")).rejects.toEqual(
      refusal("QUEUE_FAILED", "--queue redis://user:***@127.0.0.1:1/0: cannot be used"),
    );
    await expect(open("http://user:secret@localhost")).rejects.toEqual(
      refusal("INVALID_ARGUMENT", 'got "http://***@localhost"'),
    );
  });
});
