// Installs the workspace with the pinned pnpm, once per lockfile: `npm start` and `npm test` work on a machine
// that has only Node and npm. Plain JavaScript, because it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("..", import.meta.url));
const stampFile = join(root, "node_modules", ".callsign-setup");

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Callsign needs Node 20.19 or later; this is ${process.versions.node}. See https://nodejs.org/`);
}

const wanted = fingerprint();
if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== wanted) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  console.log(`Installing the workspace with ${packageManager} (first run, or its lockfile changed) ...`);
  const install = spawnSync(
    "npx",
    ["-y", packageManager, "install", "--frozen-lockfile", "--reporter=append-only"],
    {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32", // npx is a .cmd there; every argument above is a constant of ours
    },
  );
  if (install.status !== 0) {
    fail(
      "The installation failed; the lines above say why. It needs the npm registry and nothing else. Run the command again to continue.",
    );
  }
  writeFileSync(stampFile, wanted);
}

/** What decides whether node_modules is current: the lockfile and every package.json. */
function fingerprint() {
  const manifests = readdirSync(join(root, "packages")).map((name) => join("packages", name, "package.json"));
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...manifests.toSorted()];
  const hash = createHash("sha256").update(process.versions.modules);
  for (const file of files) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
