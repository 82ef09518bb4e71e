import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fromInt16, writeWav } from "@callsign/audio/internal";
import { formatModelCard, VERSION } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, ONNX_RUNTIME_INSTALL } from "@callsign/infer/node/internal";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toneDetector, tones } from "../../support/tone-detector.ts";

const packageFolder = fileURLToPath(new URL("../../..", import.meta.url));

let folder: string;
beforeAll(async () => {
  // Inside the package, so that the bundles find onnxruntime-node, which stays outside of them.
  const cache = join(packageFolder, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, "bundle-"));
  const { card, classifier } = await toneDetector();
  await writeFile(join(folder, "model.json"), formatModelCard(card, { name: "model.json" }));
  await writeFile(join(folder, card.classifier.file), classifier);
  await writeFile(join(folder, "tones.wav"), writeWav({ samples: fromInt16(tones()), sampleRateHz: 16_000 }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(["esm", "cjs"] as const)("a bundle by esbuild as %s", (format) => {
  it("imports, says what to do about the carried embedding, and finds it beside itself", async () => {
    const bundle = await bundleOf(program("detector", ""), { format });
    expect(await run(bundle)).toMatch(
      /^FILE_NOT_FOUND .*callsign-embedding\.onnx: .*beside the bundle.*embedding/,
    );
    await copyFile(CALLSIGN_EMBEDDING.packaged, join(bundle, "..", "callsign-embedding.onnx"));
    expect(await run(bundle)).toBe(`2 tones, callsign ${VERSION}`);
  });

  it("names the command that installs the runtime, where it is missing", async () => {
    const bundle = await bundleOf(program("detector", ""), { format });
    const elsewhere = await mkdtemp(join(tmpdir(), "callsign-bundle-"));
    try {
      const moved = join(elsewhere, basename(bundle));
      await copyFile(bundle, moved);
      await copyFile(CALLSIGN_EMBEDDING.packaged, join(elsewhere, "callsign-embedding.onnx"));
      expect(await run(moved)).toMatch(
        /^DEPENDENCY_MISSING .*: npm install --ignore-scripts onnxruntime-node@/,
      );
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it("includes the embedding as bytes", async () => {
    const importing = `import embedding from "@callsign/infer/assets/callsign-embedding.onnx";`;
    const bundle = await bundleOf(importing + program("included", "{ embedding }"), { format });
    expect(await run(bundle)).toBe(`2 tones, callsign ${VERSION}`);
  });
});

it("VERSION and the version of the runtime are those of package.json", async () => {
  const manifest = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as object;
  const runtime = ONNX_RUNTIME_INSTALL.replace(/.*@/, "");
  expect(manifest).toMatchObject({ version: VERSION, devDependencies: { "onnxruntime-node": runtime } });
});

const program = (name: string, options: string): string => `
  import { loadDetector, readAudioFile } from "@callsign/infer/node";
  import { toolIdentity } from "@callsign/infer/node/internal";
  async function ${name}(model, recording) {
    const detector = await loadDetector(model, ${options});
    const steps = await detector.push((await readAudioFile(recording)).samples);
    await detector.dispose();
    return steps.flatMap(({ detections }) => detections).length;
  }
  ${name}(...process.argv.slice(2)).then(
    (count) => console.log(\`\${count} tones, \${Object.values(toolIdentity()).join(" ")}\`),
    (error) => console.log(error.code, error.message),
  );`;

/** Bundles a program into a folder of its own; the bundle's path. */
async function bundleOf(contents: string, { format }: { readonly format: "esm" | "cjs" }): Promise<string> {
  const outfile = join(await mkdtemp(join(folder, "out-")), format === "esm" ? "main.mjs" : "main.cjs");
  await build({
    stdin: { contents, resolveDir: packageFolder },
    bundle: true,
    platform: "node",
    target: "node20",
    format,
    outfile,
    conditions: ["@callsign/source"],
    external: ["onnxruntime-node", "decibri"],
    loader: { ".onnx": "binary" },
    logLevel: "error",
  });
  return outfile;
}

async function run(bundle: string): Promise<string> {
  const args = [bundle, folder, join(folder, "tones.wav")];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout.trim();
}
