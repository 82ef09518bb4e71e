import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createRandom } from "@callsign/data/internal";
import { writeWav } from "@callsign/audio/internal";
import { CALLSIGN_EMBEDDING, loadDetector } from "@callsign/infer/node/internal";
import { createArchitecture, exportModel, initialWeights } from "@callsign/train/internal";
import { expect, it } from "vitest";

const readme = fileURLToPath(new URL("../../../README.md", import.meta.url));

it("the README's ten lines run unchanged and give the detector's scores", async () => {
  const folder = await mkdtemp(join(tmpdir(), "callsign-readme-"));
  const [model, clip] = [join(folder, "model"), join(folder, "clip.wav")];
  const samples = Float32Array.from({ length: 64_000 }, (_, i) => 0.18 * Math.sin(i * i * 1e-5));
  const architecture = createArchitecture({ name: "mlp" });
  await exportModel({
    architecture,
    weights: initialWeights(architecture, createRandom(3)),
    name: "untrained",
    labels: ["hello"],
    thresholds: { hello: 0 },
    embedding: { id: CALLSIGN_EMBEDDING.id, sha256: CALLSIGN_EMBEDDING.sha256 },
    outDir: model,
  });
  await writeFile(clip, writeWav({ samples, sampleRateHz: 16_000 }));
  const example = /From code:\n\n```ts\n(.*?)```/s.exec(await readFile(readme, "utf8"))![1]!;
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(10);
  const code = example
    .replace('"models/galactic"', JSON.stringify(model))
    .replace('"call.flac"', JSON.stringify(clip));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--conditions=@callsign/source", "--input-type=module", "--eval", code],
    { cwd: fileURLToPath(new URL("..", import.meta.url)) },
  );
  const detector = await loadDetector(model);
  const heard = (await detector.push(samples)).flatMap(({ detections }) => detections);
  await detector.dispose();
  await rm(folder, { recursive: true });
  expect(heard.length).toBeGreaterThan(1);
  expect(stdout.trim().split("\n")).toEqual(
    heard.map(
      ({ label, score, timestampMs }) =>
        `${(timestampMs / 1000).toFixed(2)} s: ${label} (${score.toFixed(2)})`,
    ),
  );
});
