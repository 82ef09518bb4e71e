import { CallsignError } from "@callsign/audio/internal";
import { BACKENDS, type BackendName, loadBackend } from "@callsign/train/internal";
import type { Check } from "./check.ts";

/** Checks which training backends can be loaded. */
export async function trainingChecks(): Promise<Check[]> {
  const checks: Check[] = [];
  for (const name of BACKENDS) checks.push(await checkBackend(name));
  return checks;
}

async function checkBackend(name: BackendName): Promise<Check> {
  const facts = { group: "training", name: `backend ${name}`, required: false } as const;
  try {
    const { backend } = await loadBackend(name);
    backend.release();
    return { ...facts, found: true, detail: backend.device };
  } catch (error) {
    if (!(error instanceof CallsignError)) throw error;
    const [detail = "", fix] = error.message.split("; to enable it: ");
    if (name === "webgpu" && !isPackageMissing(detail))
      return { ...facts, found: false, detail, fix: WEBGPU_DRIVER };
    return { ...facts, found: false, detail, ...(fix !== undefined && { fix }) };
  }
}

const isPackageMissing = (detail: string): boolean => /cannot find (package|module)/i.test(detail);

const WEBGPU_DRIVER = "needs a GPU whose driver offers Vulkan, Metal or Direct3D 12";
