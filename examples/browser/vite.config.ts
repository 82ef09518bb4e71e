import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import type { Catalogue, CatalogueModel } from "./src/catalogue.ts";

const example = fileURLToPath(new URL(".", import.meta.url));
const root = join(example, "../..");
/** Ready words, model folders or .onnx heads without a card. */
const models = listPaths(process.env["CALLSIGN_MODEL"] ?? "computer").map(orReadyWord);
const assets = process.env["CALLSIGN_ASSETS"];
/** Files of the embeddings that the models need; Callsign's own lies in the repository. */
const embeddings = [
  ...listPaths(process.env["CALLSIGN_EMBEDDING"] ?? ""),
  ...(assets
    ? ["speech-embedding.onnx", "embedding_model.onnx"].map((name) => join(resolve(assets), name))
    : []),
  join(root, "packages/infer/assets/callsign-embedding.onnx"),
];
/** What heads without a card are read with. */
const GOOGLE = {
  id: "google-speech-embedding",
  sha256: "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
} as const;

/** onnxruntime's smallest build, the wasm of it. */
const runtime = createRequire(join(root, "packages/infer/package.json")).resolve(
  "onnxruntime-web/ort-wasm-simd-threaded.wasm",
);

/** Serves the models' files and the runtime, gzipped so that no server has to; puts them into a build. */
function pageFiles(): Plugin {
  return {
    name: "callsign-models",
    configureServer(server) {
      // With the reason, rather than on the first request.
      for (const path of models) findEmbedding(describeModel(path, "").embedding, path);
      server.middlewares.use((request, response, next) => {
        const source = listFiles().get(decodeURIComponent((request.url ?? "").replace(/^\/|\?.*$/g, "")));
        if (source === undefined) return next();
        response.end(source());
      });
    },
    generateBundle() {
      for (const [fileName, source] of listFiles())
        this.emitFile({ type: "asset", fileName, source: source() });
    },
  };
}

/** The files' contents by the address they are served under. */
function listFiles(): ReadonlyMap<string, () => Uint8Array | string> {
  const files = new Map<string, () => Uint8Array | string>();
  const catalogue: Catalogue = { models: [], embeddings: {} };
  for (const [i, path] of models.entries()) {
    const { entry, embedding, phrases, sources } = describeModel(path, `models/${i}`);
    const sample = `models/${i}/sample.wav`;
    const ownSample = join(path, "sample.wav");
    for (const [name, source] of sources) files.set(name, source);
    catalogue.models.push({ ...entry, sample });
    files.set(sample, () => (existsSync(ownSample) ? readFileSync(ownSample) : makeSample(phrases)));
    catalogue.embeddings[embedding.id] = `embeddings/${embedding.id}.onnx`;
    files.set(`embeddings/${embedding.id}.onnx`, () => readFileSync(findEmbedding(embedding, path)));
  }
  files.set("models.json", () => JSON.stringify(catalogue));
  files.set("runtime.wasm.gz", packRuntime);
  return files;
}

interface DescribedModel {
  readonly entry: Omit<CatalogueModel, "sample">;
  readonly embedding: { readonly id: keyof Catalogue["embeddings"]; readonly sha256: string };
  readonly phrases: readonly string[];
  readonly sources: ReadonlyMap<string, () => Uint8Array>;
}

function describeModel(path: string, at: string): DescribedModel {
  if (path.endsWith(".onnx")) {
    const file = basename(path);
    const name = file.replace(/\.onnx$/, "");
    const url = `${at}/${encodeURIComponent(file)}`;
    return {
      entry: { name, url, isBareHead: true },
      embedding: GOOGLE,
      phrases: [toPhrase(name)],
      sources: new Map([[`${at}/${file}`, () => readFileSync(path)]]),
    };
  }
  const cardPath = join(path, "model.json");
  if (!existsSync(cardPath))
    throw new Error(
      `${path} has no model.json: name ready words of packages/words/models, model folders or .onnx files in ` +
        `CALLSIGN_MODEL, separated by ${delimiter}`,
    );
  const card = JSON.parse(readFileSync(cardPath, "utf8")) as {
    readonly name: string;
    readonly labels: readonly string[];
    readonly classifier: { readonly file: string };
    readonly frontend: { readonly embedding: DescribedModel["embedding"] };
    readonly training?: { readonly phrases?: Readonly<Record<string, readonly string[]>> };
  };
  return {
    entry: { name: card.name, url: `${at}/`, isBareHead: false },
    embedding: card.frontend.embedding,
    phrases: card.labels.map((label) => card.training?.phrases?.[label]?.[0] ?? toPhrase(label)),
    sources: new Map(
      ["model.json", card.classifier.file].map((file) => [
        `${at}/${file}`,
        () => readFileSync(join(path, file)),
      ]),
    ),
  };
}

function findEmbedding({ id, sha256 }: DescribedModel["embedding"], model: string): string {
  const found = embeddings.find((path) => existsSync(path) && sha256Of(path) === sha256);
  if (found !== undefined) return found;
  throw new Error(
    `${model} needs ${id} (sha256 ${sha256}), and none of ${embeddings.join(", ")} is that file: name it in ` +
      `CALLSIGN_EMBEDDING, or its folder in CALLSIGN_ASSETS; \`npm run -s callsign -- models pull ${id}\` downloads it and says where it is`,
  );
}

/** A synthetic voice saying the phrases, unless the model's folder has a `sample.wav`. */
function makeSample(phrases: readonly string[]): Uint8Array {
  const script = join(example, "make-sample.ts");
  return cached([JSON.stringify(phrases), readFileSync(script)], (file) => {
    const tsx = createRequire(join(root, "package.json")).resolve("tsx");
    execFileSync(process.execPath, [
      "--import",
      tsx,
      "--conditions=@callsign/source",
      script,
      file,
      ...phrases,
    ]);
  });
}

const packRuntime = (): Uint8Array =>
  cached([runtime, readFileSync(runtime)], (file) =>
    writeFileSync(file, gzipSync(readFileSync(runtime), { level: 9 })),
  );

/** What `make` writes into a file for these inputs, made once. */
function cached(inputs: readonly (string | Uint8Array)[], make: (file: string) => void): Uint8Array {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(input);
  const file = join(root, "node_modules/.cache/example-browser", hash.digest("hex").slice(0, 16));
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const temporary = `${file}.${process.pid}`;
    make(temporary);
    renameSync(temporary, file);
  }
  return readFileSync(file);
}

/** "hey_jarvis_v0.1" is said "hey jarvis". */
const toPhrase = (label: string): string =>
  label
    .replace(/[-_ ]v?\d+(\.\d+)*$/i, "")
    .replaceAll(/[-_]+/g, " ")
    .trim();

const sha256Of = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** The folder of a ready word, if nothing else has that name. */
function orReadyWord(path: string): string {
  const word = join(root, "packages/words/models", basename(path).toLowerCase().replaceAll(/[ _]+/g, "-"));
  return !existsSync(path) && existsSync(word) ? word : path;
}

/** A folder may end in a separator; a path on Windows has a colon. */
function listPaths(text: string): string[] {
  return text
    .split(delimiter)
    .filter((path) => path !== "")
    .map((path) => resolve(path));
}

export default defineConfig({
  base: "./",
  plugins: [pageFiles()],
  resolve: { conditions: ["@callsign/source", "module", "browser", "import"] },
  worker: { format: "es" },
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
});
