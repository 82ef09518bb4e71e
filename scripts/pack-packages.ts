import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Builds all packages and packs each into a folder; the tarballs' paths. */
export function packPackages(folder: string): string[] {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    packageManager: string;
  };
  for (const name of readdirSync(join(root, "packages"))) {
    const cwd = join(root, "packages", name);
    execFileSync("npx", ["-y", packageManager, "pack", "--pack-destination", folder], { cwd, stdio: "pipe" });
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith(".tgz"))
    .toSorted()
    .map((file) => join(folder, file));
}
