import type * as ort from "onnxruntime-node";
import { isMainThread } from "node:worker_threads";
import { CallsignError } from "@callsign/audio/internal";
import { errorCode } from "@callsign/audio/node/internal";

type OnnxRuntime = typeof ort;

/**
 * Imports onnxruntime-node, an optional peer dependency, with telemetry off: since 1.29 it writes to `~/.cache/Microsoft` and
 * uploads unless ORT_DISABLE_TELEMETRY is 1 when it starts. Set that variable to 0 to keep telemetry on. This is the only
 * import of onnxruntime-node in Callsign.
 * @throws CallsignError `DEPENDENCY_MISSING` if it is not installed or its addon does not load
 */
export function loadOnnxRuntime(): Promise<OnnxRuntime> {
  loading ??= load();
  // A failure is not cached: the package may have been installed by the next call.
  loading.catch(() => (loading = undefined));
  return loading;
}

let loading: Promise<OnnxRuntime> | undefined;

async function load(): Promise<OnnxRuntime> {
  await disableTelemetry();
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw missingRuntime(cause);
  }
}

/** Command that installs onnxruntime-node without its install script, which downloads CUDA libraries from nuget.org. */
export const ONNX_RUNTIME_INSTALL = "npm install --ignore-scripts onnxruntime-node@1.30.0";

function missingRuntime(cause: unknown): CallsignError {
  const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0];
  const isMissing = errorCode(cause)?.endsWith("MODULE_NOT_FOUND") && /'onnxruntime-node'/.test(reason!);
  return new CallsignError(
    "DEPENDENCY_MISSING",
    isMissing
      ? `detection in Node needs the package onnxruntime-node, which is not installed: ${ONNX_RUNTIME_INSTALL}`
      : `onnxruntime-node is installed but does not load on ${process.platform}-${process.arch}: ${reason}; ` +
          `install it again (${ONNX_RUNTIME_INSTALL}), and keep it out of bundles (esbuild: --external:onnxruntime-node)`,
    { cause },
  );
}

/** Sets the variable in the environment of the process. A worker has a copy of it only, so it sets it on the main thread. */
async function disableTelemetry(): Promise<void> {
  const inherited = process.env[VARIABLE];
  process.env[VARIABLE] ||= "1";
  if (isMainThread) return;
  const { Session } = await import("node:inspector/promises");
  const main = new Session();
  // A pending inspector request does not keep a worker alive.
  const keepAlive = setInterval(() => undefined, 1000);
  try {
    main.connectToMainThread();
    const expression = `process.env.${VARIABLE} ||= "1"`;
    const { exceptionDetails } = await main.post("Runtime.evaluate", { expression });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
  } catch (cause) {
    // Without an inspector, the copy shows the value at the start of the process.
    if (inherited) return;
    throw new CallsignError(
      "SESSION_FAILED",
      `onnxruntime-node: its telemetry cannot be switched off from this worker thread (${String(cause)}); start the ` +
        `process with ${VARIABLE}=1 in its environment`,
      { cause },
    );
  } finally {
    clearInterval(keepAlive);
    main.disconnect();
  }
}

const VARIABLE = "ORT_DISABLE_TELEMETRY";
