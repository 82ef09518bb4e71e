import { createRequire } from "node:module";

import { CallsignError } from "@callsign/audio/internal";
import type { ToolIdentity } from "@callsign/infer/node/internal";

import { sha256Of } from "../store/build-folder.ts";
import type { QueueAccess } from "./redis.ts";

/** What must be the same on all machines for their files to be the same. */
export interface Requirements {
  /** Version, and commit in a checkout. */
  readonly callsign: string;
  /** Major version: its mathematical functions may change from one to the next. */
  readonly node: string;
  readonly onnxruntime: string;
  /** `storeId` of the store. */
  readonly store: string;
}

/** Requirements as this machine meets them. */
export function requirementsHere(
  { version, gitCommit }: ToolIdentity,
  { store }: Pick<Requirements, "store">,
): Requirements {
  return {
    callsign: gitCommit === undefined ? version : `${version} (${gitCommit})`,
    node: process.versions.node.split(".")[0]!,
    onnxruntime: onnxruntimeVersion(),
    store,
  };
}

export const requirementsId = (requirements: Requirements): string => sha256Of(requirements).slice(0, 16);

/** Says what the jobs of a queue need from now on. @throws CallsignError `VERSION_MISMATCH` while jobs with other needs wait */
export async function announce(access: QueueAccess, here: Requirements): Promise<void> {
  const needed = await readRequirements(access);
  const left = await access.queue.getJobCountByTypes("waiting", "active", "delayed");
  if (needed !== undefined && left > 0)
    refuse(here, {
      needed,
      who: `queue ${access.url}: ${left} jobs of another build are in it, which need`,
      advice: `wait for them, discard them (callsign worker --queue ${access.url} --discard), or use another database of this Redis`,
    });
  await access.redis.set(REQUIREMENTS_KEY, JSON.stringify(here));
}

/**
 * Refuses work that this machine would do differently. Before the first build there is nothing to compare with.
 * @throws CallsignError `VERSION_MISMATCH`
 */
export async function checkWorker(access: QueueAccess, here: Requirements): Promise<void> {
  const needed = await readRequirements(access);
  if (needed === undefined) return;
  refuse(here, {
    needed,
    who: `worker: the jobs at ${access.url} need`,
    advice:
      needed.store === here.store
        ? "install the same versions on every machine"
        : "give the same --store as the build, and the same versions",
  });
}

function refuse(
  here: Requirements,
  { needed, who, advice }: { readonly needed: Requirements; readonly who: string; readonly advice: string },
): void {
  const differing = (Object.keys(NAMES) as (keyof Requirements)[]).filter((key) => here[key] !== needed[key]);
  if (differing.length === 0) return;
  const facts = differing.map((key) => `${NAMES[key]} ${needed[key]}, here it is ${here[key]}`);
  throw new CallsignError("VERSION_MISMATCH", `${who} ${facts.join("; ")}; ${advice}`);
}

async function readRequirements({ redis }: QueueAccess): Promise<Requirements | undefined> {
  const found = await redis.get(REQUIREMENTS_KEY);
  return found === null ? undefined : (JSON.parse(found) as Requirements);
}

const REQUIREMENTS_KEY = "callsign:requirements";

const NAMES: Readonly<Record<keyof Requirements, string>> = {
  callsign: "Callsign",
  node: "Node's major version",
  onnxruntime: "onnxruntime-node",
  store: "store",
};

/** Version of the onnxruntime-node that `@callsign/infer` loads; `none` if it is not installed. */
function onnxruntimeVersion(): string {
  try {
    const require = createRequire(import.meta.resolve("@callsign/infer"));
    return (require("onnxruntime-node/package.json") as { version: string }).version;
  } catch {
    return "none";
  }
}
