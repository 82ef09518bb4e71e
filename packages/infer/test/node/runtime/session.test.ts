import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import {
  encodeOnnx,
  makeGraph,
  makeModel,
  makeNode,
  makeValueInfo,
  TensorProto_DataType,
} from "@callsign/onnx/internal";
import type { CallsignError } from "@callsign/audio/internal";
import { createNodeSession, type ProviderFallback } from "@callsign/infer/node/internal";
import { tinyHead } from "../../support/tiny-head.ts";

const model = tinyHead({ embeddings: 1 });
const feeds = { in: { data: new Float32Array(96), dims: [1, 1, 96] } };

describe("createNodeSession", () => {
  it("describes inputs and outputs, and runs", async () => {
    const session = await createNodeSession()(model, { name: "tiny" });
    expect(session.provider).toBe("cpu");
    expect(session.inputs).toEqual([{ name: "in", type: "float32", dims: ["n", 1, 96] }]);
    expect(session.outputs).toEqual([{ name: "out", type: "float32", dims: ["n", 1] }]);
    const { out } = await session.run(feeds);
    expect(out).toEqual({ data: Float32Array.of(0.5), dims: [1, 1] });
    await session.dispose();
    await session.dispose();
  });

  it("carries int32 and int64 through", async () => {
    for (const [type, data] of [
      [TensorProto_DataType.INT32, Int32Array.of(1, -2)],
      [TensorProto_DataType.INT64, BigInt64Array.of(1n, -(2n ** 40n))],
    ] as const) {
      const graph = makeGraph("same", {
        inputs: [makeValueInfo("x", { dims: [2], type })],
        outputs: [makeValueInfo("y", { dims: [2], type })],
        nodes: [makeNode("Identity", { inputs: ["x"], outputs: ["y"] })],
      });
      const session = await createNodeSession()(encodeOnnx(makeModel(graph)), { name: "same" });
      expect((await session.run({ x: { data, dims: [2] } })).y).toEqual({ data, dims: [2] });
    }
  });

  it("falls back to the next provider and reports why, once", async () => {
    const fallbacks: ProviderFallback[] = [];
    // Without webgpu: Dawn prints its own complaints where there is no Vulkan.
    const providers = ["cuda", "cpu"] as const;
    const create = createNodeSession({ providers, onFallback: (fallback) => fallbacks.push(fallback) });
    const session = await create(model, { name: "tiny" });
    const reported = fallbacks.length;
    await create(model, { name: "tiny" });
    expect(fallbacks).toHaveLength(reported);
    // Whatever this machine has: all before the one that runs were reported, in order.
    expect(fallbacks.map(({ provider }) => provider)).toEqual(session.provider === "cuda" ? [] : ["cuda"]);
    for (const { reason, name } of fallbacks) {
      expect(reason.length).toBeGreaterThan(10);
      expect(name).toBe("tiny");
    }
    expect((await session.run(feeds)).out?.data).toBeAllClose([0.5], { atol: 1e-3 });
  });

  it("reports a missing provider", async () => {
    const load = createNodeSession({ providers: ["cuda"] })(model, { name: "tiny" });
    const outcome = await load.then(
      ({ provider }) => provider,
      ({ code, message }: CallsignError) => `${code} ${message}`,
    );
    // A machine with CUDA runs it; any other must say so.
    expect(outcome).toMatch(
      /^(cuda|SESSION_FAILED tiny: no execution provider could run it: cuda: .*; add "cpu".*)$/,
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["text", new TextEncoder().encode("hello, I am a model"), /cruel\.onnx/],
    ["nothing", new Uint8Array(0), /cruel\.onnx/],
    [
      "an unknown operator",
      unknownOperator(),
      /cruel\.onnx: onnxruntime cannot load this model: .*Frobnicate/,
    ],
  ])("refuses %s as MODEL_INVALID, by name", async (_, bytes, message) => {
    const failure = createNodeSession()(bytes, { name: "cruel.onnx" });
    await expect(failure).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(failure).rejects.toThrow(message);
  });

  it("tells a wrong input shape from other failures", async () => {
    const session = await createNodeSession()(model, { name: "tiny" });
    await expect(session.run({ in: { data: new Float32Array(95), dims: [1, 1, 95] } })).rejects.toMatchObject(
      {
        code: "MODEL_SHAPE_MISMATCH",
        message: expect.stringContaining("tiny"),
      },
    );
    await session.dispose();
    await expect(session.run(feeds)).rejects.toMatchObject({ code: "SESSION_FAILED" });
  });

  it.each([
    [{ providers: [] }, /providers/],
    [{ intraOpThreads: 0 }, /intraOpThreads/],
  ])("refuses %j at the door", (options, message) => {
    expect(() => createNodeSession(options)).toThrow(message);
  });

  it("refuses a provider that plain JavaScript may ask for", () => {
    // @ts-expect-error -- not one of the three
    expect(() => createNodeSession({ providers: ["gpu"] })).toThrow(/got "gpu"/);
  });

  it("burns no time between runs and lets the process end", async () => {
    // Big enough for both threads to get work, which is what leaves the second one spinning.
    const script = `
      import { createNodeSession } from "@callsign/infer/node";
      import { InferenceSession, Tensor } from "onnxruntime-node";
      import { tinyHead } from "./test/support/tiny-head.ts";
      const model = tinyHead({ labels: 256 });
      const [data, dims] = [new Float32Array(32 * 1536), [32, 16, 96]];
      const ours = await createNodeSession({ intraOpThreads: 2 })(model, { name: "head" });
      const spinning = await InferenceSession.create(model, { intraOpNumThreads: 2 });
      const tensor = { in: new Tensor("float32", data, dims) };
      const runs = { ours: () => ours.run({ in: { data, dims } }), spinning: () => spinning.run(tensor) };
      const spent = { ours: [], spinning: [] };
      for (let round = 0; round < 5; round++)
        for (const [name, run] of Object.entries(runs)) {
          await run();
          const before = process.cpuUsage();
          await new Promise((done) => setTimeout(done, 100));
          const { user, system } = process.cpuUsage(before);
          spent[name].push((user + system) / 1000);
        }
      process.stdout.write(JSON.stringify(spent));
    `;
    const run = promisify(execFile);
    const { stdout, stderr } = await run(
      process.execPath,
      ["--conditions=@callsign/source", "--import=tsx", "--input-type=module", "--eval", script],
      { cwd: new URL("../../..", import.meta.url) },
    );
    expect(stderr).toBe("");
    const spent: Record<"ours" | "spinning", number[]> = JSON.parse(stdout);
    // Processor time of the pause after a run, in ms; onnxruntime's default spins, on an idle machine for about 25 ms of it.
    expect(Math.min(...spent.ours)).toBeLessThan(Math.max(...spent.spinning) / 3);
  });
});

function unknownOperator(): Uint8Array {
  const graph = makeGraph("odd", {
    inputs: [makeValueInfo("x", { dims: [1] })],
    outputs: [makeValueInfo("y", { dims: [1] })],
    nodes: [makeNode("Frobnicate", { inputs: ["x"], outputs: ["y"] })],
  });
  return encodeOnnx(makeModel(graph));
}
