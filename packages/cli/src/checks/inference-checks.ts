import { CallsignError } from "@callsign/infer";
import {
  createNodeSession,
  type NodeProvider,
  ONNX_RUNTIME_INSTALL,
  requireOnnxRuntime,
} from "@callsign/infer/node";
import { encodeOnnx, makeGraph, makeModel, makeNode, makeValueInfo } from "@callsign/infer/onnx";
import type { Check } from "./check.ts";

const FIXES: Record<NodeProvider, string> = {
  cpu: ONNX_RUNTIME_INSTALL,
  cuda: "needs an NVIDIA GPU, CUDA 12, and libraries that onnxruntime-node's install script downloads from nuget.org (it fails where only the npm registry answers): npm rebuild onnxruntime-node",
  webgpu: "needs a GPU with a Vulkan, Metal or Direct3D 12 driver",
};

/** Which execution providers run a graph here, found by running one, and whether onnxruntime's telemetry is off. */
export async function inferenceChecks(): Promise<Check[]> {
  try {
    await requireOnnxRuntime();
  } catch (error) {
    if (!(error instanceof CallsignError)) throw error;
    const facts = { group: "inference", name: "onnxruntime cpu", required: true } as const;
    return [{ ...facts, found: false, detail: error.message, fix: FIXES.cpu }];
  }
  const graph = negation();
  const checks: Check[] = [];
  for (const provider of ["cpu", "cuda", "webgpu"] as const)
    checks.push(await checkProvider(provider, graph));
  return [...checks, telemetryCheck(process.env)];
}

/** Whether onnxruntime-node sends telemetry, with the environment as it is once that is loaded. */
export function telemetryCheck(env: Readonly<Record<string, string | undefined>>): Check {
  const { ORT_DISABLE_TELEMETRY: value = "" } = env;
  return {
    group: "inference",
    name: "telemetry off",
    found: /^(1|true|yes|on)$/i.test(value),
    required: false,
    detail: `ORT_DISABLE_TELEMETRY=${value}`,
    fix: "onnxruntime-node reports to Microsoft as the environment asks it to; unset ORT_DISABLE_TELEMETRY to stop it",
  };
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
