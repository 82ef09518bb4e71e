import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatModelCard, type ModelCard } from "@callsign/infer/internal";
import { createNodeSession, loadDetector, sha256Hex } from "@callsign/infer/node/internal";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";
import { exampleCard } from "../../support/example-card.ts";
import { tinyHead } from "../../support/tiny-head.ts";
import { toyEmbedding } from "../../support/toy-embedding.ts";

const EMBEDDING = toyEmbedding();
const GRAPH = tinyHead();

let folder: string;
let embeddingPath: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-read-model-"));
  embeddingPath = join(folder, "toy.onnx");
  await writeFile(embeddingPath, EMBEDDING);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A model's folder, on the toy embedding, with a threshold that no default has. */
async function writeModel(name: string, changes: Partial<ModelCard> = {}): Promise<string> {
  const model = join(folder, name);
  const base = exampleCard({ name });
  const card: ModelCard = {
    ...base,
    classifier: { file: "model.onnx", sha256: sha256Hex(GRAPH), bytes: GRAPH.length },
    frontend: {
      ...base.frontend,
      embedding: { id: "google-speech-embedding", sha256: sha256Hex(EMBEDDING) },
    },
    decision: { thresholds: { hello: 0.81 }, patience: 1, refractorySeconds: 0 },
    ...changes,
  };
  await mkdir(model);
  await writeFile(join(model, "model.json"), formatModelCard(card, { name }));
  await writeFile(join(model, "model.onnx"), GRAPH);
  return model;
}

const cardOf = async (path: string): Promise<ModelCard> => {
  const detector = await loadDetector(path, { embeddingPath });
  await detector.dispose();
  return detector.card;
};

const refusal = (path: string, options = {}): Promise<string> =>
  loadDetector(path, { embeddingPath, ...options }).then(
    () => "loaded",
    (error: { code: string; message: string }) => `${error.code} ${error.message}`.replaceAll(folder, ""),
  );

describe("a model's path", () => {
  it("may be its folder, its card, its graph, or a link to the graph, all the same", async () => {
    const model = await writeModel("hello");
    const link = join(folder, "link.onnx");
    await symlink(join(model, "model.onnx"), link);
    const expected = await cardOf(model);
    expect(expected.decision.thresholds).toEqual({ hello: 0.81 });
    for (const path of [`${model}/`, join(model, "model.json"), join(model, "model.onnx"), link])
      expect(await cardOf(path)).toEqual(expected);
    const set = await loadDetector([join(model, "model.onnx")], { embeddingPath });
    expect(set.cards).toEqual([expected]);
    await set.dispose();
  });

  it("is checked against the card: another graph, a changed one, a damaged card are refused", async () => {
    const model = await writeModel("hello");
    await writeFile(join(model, "alexa.onnx"), tinyHead({ embeddings: 22 }));
    expect(await refusal(join(model, "alexa.onnx"))).toMatch(
      /^CARD_MISMATCH \/hello\/alexa\.onnx: the model\.json beside it is the card of model\.onnx, not of this file; give the folder/,
    );
    await writeFile(join(model, "model.onnx"), tinyHead({ embeddings: 22 }));
    expect(await refusal(join(model, "model.onnx"))).toMatch(
      /^CARD_MISMATCH \/hello\/model\.onnx: model\.json names/,
    );
    await writeFile(join(model, "model.json"), "{");
    expect(await refusal(join(model, "model.onnx"))).toMatch(/^CARD_INVALID \/hello\/model\.json: not JSON/);
  });

  it("is that of a head without a card where no card lies beside it, or another program's model.json", async () => {
    const heads = join(folder, "heads");
    await mkdir(heads);
    await writeFile(join(heads, "alexa.onnx"), tinyHead({ embeddings: 22 }));
    const bare = /^CARD_MISMATCH \/heads\/alexa\.onnx: a head without a card is read with embedding google/;
    expect(await refusal(join(heads, "alexa.onnx"))).toMatch(bare);
    await writeFile(join(heads, "model.json"), JSON.stringify({ format: "graph-model", modelTopology: {} }));
    expect(await refusal(join(heads, "alexa.onnx"))).toMatch(bare);
    await rm(join(heads, "model.json"));
    expect(await refusal(heads)).toMatch(
      /^MODEL_NOT_FOUND \/heads: no model\.json in this folder; .*such as \/heads\/alexa\.onnx/,
    );
    expect(
      await refusal(join(heads, "alexa.onnx"), {
        embeddingPath: undefined,
        assets: { env: { CALLSIGN_ASSETS: join(folder, "none") } },
      }),
    ).toMatch(
      /^FILE_NOT_FOUND \/heads\/alexa\.onnx: a head without a card reads google-speech-embedding, which is not here: CALLSIGN_ASSETS/,
    );
  });

  it("does not take options for heads where the model has a card", async () => {
    const model = await writeModel("hello");
    expect(await refusal(model, { head: { labels: ["a"], background: "b" } })).toMatch(
      /^INVALID_ARGUMENT \/hello: labels, background can be given for a head without a card only/,
    );
  });

  it("tells of a Callsign model whose card is not there", async () => {
    const model = await writeModel("hello");
    await rename(join(model, "model.json"), join(model, "model.json.bak"));
    await writeFile(join(model, "model.onnx"), tinyHead({ producerName: "callsign" }));
    const notes: string[] = [];
    const onNote = (note: string): void => void notes.push(note);
    await refusal(join(model, "model.onnx"), { onNote });
    expect(notes).toEqual([expect.stringMatching(/made by Callsign, without its card .*put the card back/)]);
  });
});

describe("loadDetector", () => {
  it("reads an embedding once for all its models", async () => {
    const models = [await writeModel("one"), await writeModel("two")];
    const createSession = createNodeSession();
    // The file goes away before the second model is loaded: a second reading would fail.
    const set = await loadDetector(models, {
      embeddingPath,
      createSession: async (bytes, options) => {
        if (options.name.endsWith("two/model.onnx")) await rm(embeddingPath, { force: true });
        return createSession(bytes, options);
      },
    });
    expect(set.cards.map(({ name }) => name)).toEqual(["one", "two"]);
    await set.dispose();
  });

  it("refuses names that no head takes", async () => {
    const loading = loadDetector([await writeModel("one")], { embeddingPath, headNames: ["x"] });
    await expect(loading).rejects.toThrow(/got 1 names for heads without a card, but only 0/);
  });

  it.skipIf(!hasSharedData)(
    "gives names to the heads without a card and a name, in their order",
    async () => {
      const head = join(folder, "lights.onnx");
      await writeFile(head, tinyHead({ embeddings: 22 }));
      const alexa = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
      const livekit = { path: sharedPath("reference", "livekit-hey_livekit.onnx"), head: { name: "own" } };
      const set = await loadDetector([alexa, livekit, head], {
        embedding: await readFile(sharedPath("reference", "embedding_model.onnx")),
        headNames: ["one", "two"],
      });
      expect(set.cards.map(({ name, labels }) => [name, ...labels])).toEqual([
        ["one", "one"],
        ["own", "own"],
        ["two", "two"],
      ]);
      await set.dispose();
    },
  );

  it("takes thresholds by label, of any of its models and of no other", async () => {
    const other = {
      labels: ["bye"],
      decision: { thresholds: { bye: 0.5 }, patience: 1, refractorySeconds: 0 },
    };
    const models = [await writeModel("one"), await writeModel("two", other)];
    const set = await loadDetector(models, { embeddingPath, threshold: { bye: 0.3 } });
    expect(set.cards.map(({ decision }) => decision.thresholds)).toEqual([{ hello: 0.81 }, { bye: 0.3 }]);
    const stream = set.open({ models: ["one"], sensitivity: { threshold: { bye: 0.2 } } });
    await stream.dispose();
    await expect(set.open({ sensitivity: { threshold: { helo: 0.2 } } })).rejects.toThrow(
      /no label "helo" to detect; known: "hello", "bye"; did you mean "hello"\?/,
    );
    await set.dispose();
    expect(await refusal(models[0]!, { threshold: { bye: 0.3 } })).toMatch(
      /^INVALID_ARGUMENT .*no label "bye"/,
    );
  });
});
