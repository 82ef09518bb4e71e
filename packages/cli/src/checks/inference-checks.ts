import { createNodeSession, type NodeProvider } from "@callsign/infer/node";
import { encodeOnnx, makeGraph, makeModel, makeNode, makeValueInfo } from "@callsign/infer/onnx";
import type { Check } from "./check.ts";

const FIXES: Record<NodeProvider, string> = {
  cpu: "delete node_modules and install again",
  cuda: "needs an NVIDIA GPU and onnxruntime's CUDA libraries, which its own install script downloads: set onnxruntime-node: true under allowBuilds in pnpm-workspace.yaml, then pnpm rebuild onnxruntime-node",
  webgpu: "needs a GPU with a Vulkan, Metal or Direct3D 12 driver",
};

/** Which execution providers run a graph here, found by running one. */
export async function inferenceChecks(): Promise<Check[]> {
  const graph = negation();
  const checks: Check[] = [];
  for (const provider of ["cpu", "cuda", "webgpu"] as const)
    checks.push(await checkProvider(provider, graph));
  return checks;
}

async function checkProvider(provider: NodeProvider, graph: Uint8Array): Promise<Check> {
  const facts = {
    group: "inference",
    name: `onnxruntime ${provider}`,
    required: provider === "cpu",
  } as const;
  let reason = "";
  try {
    const createSession = createNodeSession({
      providers: [provider, "cpu"],
      onFallback: (fallback) => (reason = fallback.reason),
    });
    const session = await createSession(graph, { name: "doctor" });
    const { y } = await session.run({ x: { data: Float32Array.of(1, -2), dims: [2] } });
    await session.dispose();
    if (y?.data[0] !== -1 || y.data[1] !== 2)
      reason = `computed ${String(y?.data)} for the negation of 1, -2`;
    else if (session.provider === provider) return { ...facts, found: true, detail: "ran a graph" };
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  return { ...facts, found: false, detail: reason, fix: FIXES[provider] };
}

function negation(): Uint8Array {
  return encodeOnnx(
    makeModel(
      makeGraph("negation", {
        inputs: [makeValueInfo("x", { dims: [2] })],
        outputs: [makeValueInfo("y", { dims: [2] })],
        nodes: [makeNode("Neg", { inputs: ["x"], outputs: ["y"] })],
      }),
    ),
  );
}
