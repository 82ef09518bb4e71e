/** Packs every package as it would be published and checks the tarballs with publint and are-the-types-wrong. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { packPackages } from "./pack-packages.ts";

const folder = mkdtempSync(join(tmpdir(), "callsign-pack-"));
try {
  for (const tarball of packPackages(folder)) {
    console.log(tarball);
    const options = { cwd: import.meta.dirname, stdio: "inherit" } as const;
    execFileSync("npx", ["publint", "--strict", tarball], options);
    // Models alone, without code or types.
    if (basename(tarball).startsWith("callsign-words-")) continue;
    // CommonJS reads these packages by `import()` alone, which every Node they run on has.
    const assets = ["--exclude-entrypoints", "assets/callsign-embedding.onnx", "capture-processor.js"];
    execFileSync("npx", ["attw", "--profile", "esm-only", tarball, ...assets], options);
  }
} catch {
  console.error(
    `check-packages: the tool above is not content; the tarballs were ${readdirSync(folder).join(", ")}`,
  );
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
