import type { BareHeadOptions } from "../bare-head-card.ts";
import type { Classifier } from "../classifier.ts";
import { loadClassifier } from "../classifier.ts";
import { DetectorSet, type DetectorSetModel } from "../detector-set.ts";
import { CallsignError } from "../errors.ts";
import { createFrontend, type Frontend } from "../frontend.ts";
import { embeddingsOf } from "../model-card.ts";
import { checkThresholdLabels } from "../sensitivity.ts";
import type { LoadDetectorOptions } from "./detector.ts";
import { type FoundModel, readEmbedding, readModelFiles } from "./read-model.ts";
import { createNodeSession } from "./session.ts";

/** A model's path, with options of its own where it is an .onnx head without a card. */
export type ModelSource = string | { readonly path: string; readonly head?: BareHeadOptions };

export interface LoadDetectorSetOptions extends LoadDetectorOptions {
  /** Names for the .onnx heads without a card among the models, in their order; the others keep their files' names. */
  readonly headNames?: readonly string[];
}

/**
 * Loads several models (anything that `loadDetector` takes) for any number of streams. Models with the same front-end
 * share its sessions.
 * @param options.head for every .onnx head without a card that has no options of its own
 * @throws CallsignError as `loadDetector`, and `INVALID_ARGUMENT` where two have one name or a head name is left over
 */
export async function loadDetectorSet(
  models: readonly ModelSource[],
  options: LoadDetectorSetOptions = {},
): Promise<DetectorSet> {
  const loader = new SetLoader(options);
  try {
    for (const source of models) await loader.load(typeof source === "string" ? { path: source } : source);
    loader.checkNames();
    checkThresholdLabels(
      loader.models.map(({ card }) => card),
      options,
    );
    return new DetectorSet(loader.models);
  } catch (error) {
    await loader.dispose();
    throw error;
  }
}

/** Loads one model after another; front-ends and the embeddings' files are opened once. */
class SetLoader {
  readonly models: DetectorSetModel[] = [];
  readonly #options: LoadDetectorSetOptions & Required<Pick<LoadDetectorOptions, "createSession">>;
  readonly #frontends = new Map<string, Frontend>();
  readonly #embeddings = new Map<string, Uint8Array>();
  #named = 0;

  constructor(options: LoadDetectorSetOptions) {
    this.#options = { ...options, createSession: options.createSession ?? createNodeSession() };
  }

  async load({ path, head }: Exclude<ModelSource, string>): Promise<void> {
    const { createSession, headNames = [] } = this.#options;
    const model = await readModelFiles(path, {
      ...this.#options,
      ...(head && { head }),
      nextName: () => headNames[this.#named++],
    });
    const { card, name } = model;
    const frontend = await this.#frontendOf(model);
    const classifier = await loadClassifier(model.classifier, {
      name,
      createSession,
      labels: card.labels,
      embeddings: embeddingsOf(card.windowing),
    });
    this.models.push({ card, frontend, classifier });
  }

  /** @throws CallsignError `INVALID_ARGUMENT` for names that no head took */
  checkNames(): void {
    const { headNames = [] } = this.#options;
    if (this.#named >= headNames.length) return;
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `got ${headNames.length} names for bare heads, but ${this.#named} of the models are heads without a card and a name`,
    );
  }

  async dispose(): Promise<void> {
    const parts: (Classifier | Frontend)[] = [
      ...this.#frontends.values(),
      ...this.models.map(({ classifier }) => classifier),
    ];
    await Promise.all(parts.map((part) => part.dispose()));
  }

  async #frontendOf(model: FoundModel): Promise<Frontend> {
    const { createSession } = this.#options;
    const { floor, embedding } = model.card.frontend;
    const key = `${floor} ${embedding.sha256}`;
    const known = this.#frontends.get(key);
    if (known !== undefined) return known;
    const bytes = this.#embeddings.get(embedding.sha256) ?? (await readEmbedding(model, this.#options));
    this.#embeddings.set(embedding.sha256, bytes);
    const frontend = await createFrontend({
      createSession,
      embedding: bytes,
      embeddingSha256: embedding.sha256,
      floor,
    });
    this.#frontends.set(key, frontend);
    return frontend;
  }
}
