import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The folder that `npm start` or `callsign run` left its model in. */
const model = resolve(process.env["CALLSIGN_MODEL"] ?? join(root, "runs/start/model"));
/** The embedding that the model's card names; that of `npm start` lies in the repository. */
const embedding = resolve(
  process.env["CALLSIGN_EMBEDDING"] ?? join(root, "packages/infer/assets/callsign-embedding.onnx"),
);

/** onnxruntime's smallest build, the wasm of it. */
const runtime = createRequire(join(root, "packages/infer/package.json")).resolve(
  "onnxruntime-web/ort-wasm-simd-threaded.wasm",
);

/** Serves the model's files under model/ and the runtime gzipped, so that no server has to; puts both into a build. */
function pageFiles(): Plugin {
  return {
    name: "callsign-model",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const file = listFiles().get((request.url ?? "").replace(/^\/|\?.*$/g, ""));
        if (file === undefined) return next();
        response.end(read(file));
      });
    },
    generateBundle() {
      for (const [fileName, file] of listFiles())
        this.emitFile({ type: "asset", fileName, source: read(file) });
    },
  };
}

/** The files by the address they are served under. */
function listFiles(): ReadonlyMap<string, string> {
  const card = join(model, "model.json");
  if (!existsSync(card))
    throw new Error(
      `${model} has no model.json: run npm start in the repository first, or name a model's folder in CALLSIGN_MODEL`,
    );
  const { classifier } = JSON.parse(readFileSync(card, "utf8")) as { classifier: { file: string } };
  return new Map([
    ["model/model.json", card],
    [`model/${classifier.file}`, join(model, classifier.file)],
    ["model/embedding.onnx", embedding],
    ["runtime.wasm.gz", runtime],
  ]);
}

const read = (file: string): Buffer =>
  file === runtime ? gzipSync(readFileSync(file), { level: 9 }) : readFileSync(file);

export default defineConfig({
  base: "./",
  plugins: [pageFiles()],
  resolve: { conditions: ["@callsign/source", "module", "browser", "import"] },
  worker: { format: "es" },
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
});
