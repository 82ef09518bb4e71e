import { createWebSession } from "@callsign/infer/web";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { refusal } from "../support/refusal.ts";
import { type ServedFiles, serveFiles } from "../support/serve-files.ts";
import { tinyHead } from "../support/tiny-head.ts";

describe("a session whose runtime does not load", () => {
  let server: ServedFiles;
  beforeAll(async () => {
    // Emscripten reports there, too.
    vi.spyOn(console, "error").mockReturnValue();
    server = await serveFiles({
      "/broken.wasm": new Uint8Array(1000),
      "/broken.wasm.gz": Uint8Array.of(0x1f, 0x8b, 8),
    });
  });
  afterAll(() => server.close());

  it("says so where there is no WebGPU, without a download", async () => {
    const createSession = createWebSession({ providers: ["webgpu"], wasmUrl: `${server.url}gpu.wasm` });
    await expect(createSession(tinyHead(), { name: "head.onnx" })).rejects.toEqual(
      refusal("SESSION_FAILED", "has no WebGPU"),
    );
    expect(server.requests).toEqual([]);
    vi.stubGlobal("navigator", { gpu: { requestAdapter: () => Promise.resolve({}) } });
  });

  // In this order: onnxruntime-web keeps the first runtime that it gets.
  it.each([
    ["is not there", { wasmUrl: "none.wasm" }, "none.wasm: the server answered 404"],
    ["cannot be unpacked", { wasmUrl: "broken.wasm.gz" }, "broken.wasm.gz cannot be unpacked"],
    [
      "is not there for WebGPU",
      { providers: ["webgpu"], wasmUrl: "gpu.wasm" },
      "gpu.wasm: the server answered 404",
    ],
    ["is not WebAssembly", { wasmUrl: "broken.wasm" }, "onnxruntime-web cannot start"],
  ] as const)("blames the runtime, not the model: it %s", async (_, { wasmUrl, ...options }, text) => {
    const createSession = createWebSession({ ...options, wasmUrl: server.url + wasmUrl });
    await expect(createSession(tinyHead(), { name: "head.onnx" })).rejects.toEqual(
      refusal("DEPENDENCY_MISSING", text),
    );
  });
});
