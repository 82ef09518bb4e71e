import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../version.ts";
import { MODULE_URL } from "./module-url.ts";

/** Who made an artifact. */
export interface ToolIdentity {
  readonly tool: "callsign";
  readonly version: string;
  /** The checked-out commit, where Callsign runs from a git checkout. */
  readonly gitCommit?: string;
}

/** This Callsign, for what it writes. Read once. */
export function toolIdentity(): ToolIdentity {
  return (identity ??= readIdentity());
}

let identity: ToolIdentity | undefined;

function readIdentity(): ToolIdentity {
  const gitCommit = runsFromCheckout()
    ? readGitCommit(fileURLToPath(new URL("../../../..", MODULE_URL)))
    : undefined;
  return { tool: "callsign", version: VERSION, ...(gitCommit !== undefined && { gitCommit }) };
}

/** Not in a bundle, whose git checkout would be someone else's. The same place is seen from src/node and dist/node. */
function runsFromCheckout(): boolean {
  try {
    const manifest = readFileSync(new URL("../../package.json", MODULE_URL), "utf8");
    return (JSON.parse(manifest) as { name?: unknown }).name === "@callsign/infer";
  } catch {
    return false;
  }
}

/** The commit that HEAD of the checkout at `root` stands on; undefined where `root` is none. */
export function readGitCommit(root: string): string | undefined {
  try {
    const git = join(root, ".git");
    const head = readFileSync(join(git, "HEAD"), "utf8").trim();
    const ref = /^ref: (.+)$/.exec(head)?.[1];
    return ref === undefined ? commitIn(head) : (readLooseRef(git, ref) ?? readPackedRef(git, ref));
  } catch {
    // No checkout, or one of a kind we do not read (a linked work tree): the version says enough.
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
