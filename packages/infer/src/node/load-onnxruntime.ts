import type * as ort from "onnxruntime-node";
import { isMainThread } from "node:worker_threads";
import { CallsignError } from "../errors.ts";
import { errorCode } from "./error-code.ts";

type OnnxRuntime = typeof ort;

/**
 * Imports onnxruntime-node, an optional peer dependency, with its telemetry off: since 1.29 it writes to
 * `~/.cache/Microsoft` and uploads unless ORT_DISABLE_TELEMETRY is 1 when it starts. Set that variable to 0 to leave
 * telemetry on. This is the only import of onnxruntime-node in Callsign.
 * @throws CallsignError `DEPENDENCY_MISSING` where it is not installed or its addon does not load
 */
export function loadOnnxRuntime(): Promise<OnnxRuntime> {
  loading ??= load();
  // A failure is not kept: the package may be installed, or the environment mended, by the next call.
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

/** Installs onnxruntime-node without its install script, which downloads CUDA libraries from nuget.org. */
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

/**
 * onnxruntime reads the environment of the process. `process.env` is that environment on the main thread, but a copy in
 * a worker, so a worker asks the main thread to set it.
 */
async function disableTelemetry(): Promise<void> {
  const inherited = process.env[VARIABLE];
  process.env[VARIABLE] ||= "1";
  if (isMainThread) return;
  const { Session } = await import("node:inspector/promises");
  const main = new Session();
  // The answer of an inspector does not keep a worker alive by itself.
  const keepAlive = setInterval(() => undefined, 1000);
  try {
    main.connectToMainThread();
    const expression = `process.env.${VARIABLE} ||= "1"`;
    const { exceptionDetails } = await main.post("Runtime.evaluate", { expression });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
  } catch (cause) {
    // Where the inspector is not available, the copy tells what the process started with.
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
