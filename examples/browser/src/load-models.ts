import { CallsignError, parseModelCard } from "@callsign/infer";
import { type WebModel, WorkerDetector } from "@callsign/infer/web";
import type { Catalogue } from "./catalogue.ts";

/** Where vite.config.ts puts onnxruntime's WebAssembly. */
const RUNTIME = "runtime.wasm.gz";

/** Reads `models.json`. @throws CallsignError `MODEL_NOT_FOUND` */
export async function fetchCatalogue(): Promise<Catalogue> {
  const response = await fetch("models.json").catch((cause: unknown) => refuse(String(cause), cause));
  if (!response.ok) refuse(`the server answered ${response.status}`);
  return (await response.json()) as Catalogue;
}

function refuse(reason: string, cause?: unknown): never {
  throw new CallsignError("MODEL_NOT_FOUND", `models.json: ${reason}; build the page again`, { cause });
}

/** Loads models in a new worker; `onLoaded` receives the worker's downloads. */
export function loadModels(
  models: readonly WebModel[],
  options: {
    readonly embeddings: Catalogue["embeddings"];
    readonly onLoaded: (download: PerformanceResourceTiming) => void;
  },
): Promise<WorkerDetector> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<{ loaded?: PerformanceResourceTiming }>) => {
    if (data.loaded) options.onLoaded(data.loaded);
  });
  const providers = chosenProviders();
  return WorkerDetector.load(worker, {
    models,
    embedding: options.embeddings,
    providers,
    wasmUrl: { wasm: RUNTIME },
  });
}

/** The address may ask for the GPU: `?gpu`, with wasm where there is none, or `?gpu=only`. */
function chosenProviders(): ("webgpu" | "wasm")[] {
  const gpu = new URLSearchParams(location.search).get("gpu");
  if (gpu === null) return ["wasm"];
  return gpu === "only" ? ["webgpu"] : ["webgpu", "wasm"];
}

export const isModelFile = ({ name }: File): boolean => /\.(onnx|json)$/i.test(name);

/**
 * The models in files that the user picked: a card and its graph, or heads without a card.
 * @throws CallsignError `MODEL_NOT_FOUND`, `CARD_INVALID`
 */
export async function readOwnModels(files: readonly File[]): Promise<WebModel[]> {
  const graphs = files.filter(({ name }) => /\.onnx$/i.test(name));
  const cardFile = files.find(({ name }) => /\.json$/i.test(name));
  const read = async (file: File) => ({ url: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
  if (cardFile === undefined) return Promise.all(graphs.map(read));
  const card = parseModelCard(await cardFile.text(), { name: cardFile.name });
  const graph = graphs.find(({ name }) => name === card.classifier.file) ?? graphs[0];
  if (graph === undefined)
    throw new CallsignError(
      "MODEL_NOT_FOUND",
      `${cardFile.name} names ${card.classifier.file}: pick both files together, or drop their folder here.`,
    );
  return [{ ...(await read(graph)), card }];
}
