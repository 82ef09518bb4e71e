import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../version.ts";
import { MODULE_URL } from "./module-url.ts";

/** Tool that created an artifact. */
export interface ToolIdentity {
  readonly tool: "callsign";
  readonly version: string;
  /** Checked-out commit, if Callsign runs from a git checkout. */
  readonly gitCommit?: string;
}

/** Identity of the running Callsign, for the artifacts it writes. Read once. */
export function toolIdentity(): ToolIdentity {
  return (identity ??= readIdentity());
}

let identity: ToolIdentity | undefined;

function readIdentity(): ToolIdentity {
  const gitCommit = runsFromCheckout()
    ? readGitCommit(fileURLToPath(new URL("../../../../..", MODULE_URL)))
    : undefined;
  return { tool: "callsign", version: VERSION, ...(gitCommit !== undefined && { gitCommit }) };
}

/** False in a bundle, which may lie in another project's checkout. The path is the same from src/node and dist/node. */
function runsFromCheckout(): boolean {
  try {
    const manifest = readFileSync(new URL("../../../package.json", MODULE_URL), "utf8");
    return (JSON.parse(manifest) as { name?: unknown }).name === "@callsign/infer";
  } catch {
    return false;
  }
}

/** Commit of HEAD in the checkout at `root`; undefined if `root` is not a checkout. */
export function readGitCommit(root: string): string | undefined {
  try {
    const git = join(root, ".git");
    const head = readFileSync(join(git, "HEAD"), "utf8").trim();
    const ref = /^ref: (.+)$/.exec(head)?.[1];
    return ref === undefined ? commitIn(head) : (readLooseRef(git, ref) ?? readPackedRef(git, ref));
  } catch {
    // No checkout, or an unsupported kind such as a linked work tree: the version suffices.
    return undefined;
  }
}

function readLooseRef(git: string, ref: string): string | undefined {
  try {
    return commitIn(readFileSync(join(git, ref), "utf8"));
  } catch {
    return undefined;
  }
}

function readPackedRef(git: string, ref: string): string | undefined {
  const lines = readFileSync(join(git, "packed-refs"), "utf8").split("\n");
  return commitIn(lines.find((line) => line.endsWith(` ${ref}`)) ?? "");
}

const commitIn = (text: string): string | undefined => /^[0-9a-f]{40}/.exec(text)?.[0];
