/**
 * Installs the packed tarballs into an empty folder, as a stranger would from the registry, and runs `npx callsign detect`
 * there on a WAV file of two tones. Exits with 1 where they are not heard.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { formatModelCard, writeWav } from "@callsign/infer";
import { toneDetector, tones } from "../packages/infer/test/support/tone-detector.ts";
import { packPackages } from "./pack-packages.ts";

const folder = mkdtempSync(join(tmpdir(), "callsign-try-"));
const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

try {
  const tarballs = packPackages(folder);
  const file = (tarball: string): string => `file:./${basename(tarball)}`;
  const packed = Object.fromEntries(tarballs.map((tarball) => [nameOf(tarball), file(tarball)]));
  const manifest = { name: "try", private: true, dependencies: packed, overrides: packed };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  // onnxruntime-node's script fetches CUDA libraries, which nothing here needs, from outside the registry.
  run("npm", ["install", "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts"]);
  const { card, classifier } = await toneDetector();
  mkdirSync(join(folder, "model"));
  writeFileSync(join(folder, "model", "model.json"), formatModelCard(card, { name: "model.json" }));
  writeFileSync(join(folder, "model", card.classifier.file), classifier);
  writeFileSync(join(folder, "tones.wav"), writeWav({ samples: tones(), sampleRateHz: 16_000 }));
  const said = run("npx", ["callsign", "detect", "tones.wav", "--model", "model", "--json"]);
  const heard = said.match(/"label":\s*"tone"/g)?.length ?? 0;
  console.log(`${tarballs.length} tarballs installed; npx callsign detect heard ${heard} of 2 tones`);
  if (heard !== 2) {
    console.error(said);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** `callsign-infer-0.1.0.tgz` holds `@callsign/infer`. */
function nameOf(tarball: string): string {
  return basename(tarball).replace(/^callsign-(\w+)-.*$/, "@callsign/$1");
}
