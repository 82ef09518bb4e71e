import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  encodeOnnx,
  makeGraph,
  makeModel,
  makeValueInfo,
  TensorProto_DataType as Type,
} from "@callsign/onnx/internal";
import { GraphWriter } from "../../support/graph-writer.ts";

/** What a model for sherpa-onnx declares about itself. */
export const VITS_METADATA = {
  sample_rate: "22050",
  n_speakers: "3",
  language: "English",
  comment: "vits",
  add_blank: "1",
  punctuation: ", . ! ?",
};

/**
 * A graph with the inputs and output of vits-vctk: x, x_length, noise_scale, length_scale, noise_scale_w, sid -> y. It
 * hums instead of speaking: a tone for each speaker, longer with more tokens and with length_scale, louder or softer
 * with noise_scale_w, and hoarse with noise_scale, both through RandomNormalLike as in the real one.
 */
export function smallVits(
  options: { metadata?: Record<string, string>; speakers?: boolean } = {},
): Uint8Array {
  const { metadata = VITS_METADATA, speakers = true } = options;
  const g = new GraphWriter();
  const tone = hum(g, {
    tokens: g.size("x", 1),
    length: g.scalar("length_scale"),
    noise: "noise_scale",
    noiseW: "noise_scale_w",
    ...(speakers && { speaker: g.cast(g.scalar("sid"), Type.FLOAT) }),
  });
  g.node("Reshape", [tone, g.ints(1, 1, -1)], { output: "y" });
  const scale = (name: string) => makeValueInfo(name, { dims: [1] });
  const graph = makeGraph("vits", {
    inputs: [
      makeValueInfo("x", { dims: [1, "T"], type: Type.INT64 }),
      makeValueInfo("x_length", { dims: [1], type: Type.INT64 }),
      ...["noise_scale", "length_scale", "noise_scale_w"].map(scale),
      ...(speakers ? [makeValueInfo("sid", { dims: [1], type: Type.INT64 })] : []),
    ],
    outputs: [makeValueInfo("y", { dims: [1, 1, "L"] })],
    nodes: g.nodes,
  });
  return encodeOnnx(makeModel(graph, { metadata, opset: 15 }));
}

/** The same as a Piper export: input, input_lengths, scales `[noise, length, noiseW]`, sid -> output. */
export function smallPiper({
  speakers = true,
  metadata = { ...VITS_METADATA, comment: "piper", n_speakers: speakers ? "3" : "1", voice: "en-us" },
}: { speakers?: boolean; metadata?: Record<string, string> } = {}): Uint8Array {
  const g = new GraphWriter();
  const scale = (at: number): string => g.node("Gather", ["scales", g.ints(at)]);
  const tone = hum(g, {
    tokens: g.size("input", 1),
    length: g.scalar(scale(1)),
    noise: scale(0),
    noiseW: scale(2),
    ...(speakers && { speaker: g.cast(g.scalar("sid"), Type.FLOAT) }),
  });
  g.node("Reshape", [tone, g.ints(1, 1, 1, -1)], { output: "output" });
  const graph = makeGraph("piper", {
    inputs: [
      makeValueInfo("input", { dims: [1, "T"], type: Type.INT64 }),
      makeValueInfo("input_lengths", { dims: [1], type: Type.INT64 }),
      makeValueInfo("scales", { dims: [3] }),
      ...(speakers ? [makeValueInfo("sid", { dims: [1], type: Type.INT64 })] : []),
    ],
    outputs: [makeValueInfo("output", { dims: [1, 1, 1, "L"] })],
    nodes: g.nodes,
  });
  return encodeOnnx(makeModel(graph, { metadata, opset: 15 }));
}

/** A model folder as csukuangfj/vits-vctk has it. */
export async function writeSmallVits(folder: string, bytes: Uint8Array = smallVits()): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "vits-small.onnx"), bytes);
  const tokens = ["_", ",", ".", "!", "?", " ", ..."abcdefghijklmnopqrstuvwxyz".split("")];
  await writeFile(join(folder, "tokens.txt"), tokens.map((token, id) => `${token} ${id}`).join("\n") + "\n");
  const words = ["hey", "computer", "stop", "turn", "on", "the", "lights", "don't"];
  const line = (word: string): string => `${word} ${word.replace("'", "").split("").join(" ")}`;
  await writeFile(join(folder, "lexicon.txt"), words.map(line).join("\n") + "\n");
  return folder;
}

/** A Piper voice with espeak-ng's tables from `dataDir`. */
export async function writeSmallPiper(folder: string, dataDir: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "en_US-small.onnx"), smallPiper());
  await writeFile(join(folder, "tokens.txt"), SYMBOLS.map((symbol, id) => `${symbol} ${id}\n`).join(""));
  await symlink(dataDir, join(folder, "espeak-ng-data"));
  return folder;
}

/** The same as Piper publishes it: no metadata in the graph, no tables, a config beside it. */
export async function writePublishedPiper(folder: string, changes: object = {}): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "en_US-small-medium.onnx"), smallPiper({ metadata: {} }));
  const config = {
    audio: { sample_rate: 22_050, quality: "medium" },
    espeak: { voice: "en-us" },
    phoneme_type: "espeak",
    num_speakers: 3,
    phoneme_id_map: Object.fromEntries(SYMBOLS.map((symbol, id) => [symbol, [id]])),
    ...changes,
  };
  await writeFile(join(folder, "en_US-small-medium.onnx.json"), JSON.stringify(config));
  return folder;
}

const SYMBOLS = "_^$ !'(),-.:;?abcdefhijklmnoprstuvwzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒˈˌːθᵻ".split("");

interface Hum {
  readonly tokens: string;
  readonly length: string;
  readonly noise: string;
  readonly noiseW: string;
  readonly speaker?: string;
}

/** `(1 + noiseW * n) * 0.2 * sin(2 pi (150 + 60 speaker) t) + 0.02 * noise * n(t)`, 1,200 samples a token. */
function hum(g: GraphWriter, { tokens, length, noise, noiseW, speaker }: Hum): string {
  const count = g.node("Mul", [g.cast(tokens, Type.FLOAT), g.node("Mul", [length, g.float(1200)])]);
  const time = g.cast(g.range(g.cast(count, Type.INT64)), Type.FLOAT);
  const pitch =
    speaker === undefined
      ? g.float(150)
      : g.node("Add", [g.node("Mul", [speaker, g.float(60)]), g.float(150)]);
  const phase = g.node("Mul", [g.node("Mul", [time, pitch]), g.float((2 * Math.PI) / 22_050)]);
  const loudness = g.node("Mul", [
    g.node("RandomNormalLike", [noiseW]),
    g.node("Mul", [noiseW, g.float(0.1)]),
  ]);
  const tone = g.node("Mul", [g.node("Sin", [phase]), g.node("Add", [loudness, g.float(0.2)])]);
  const hiss = g.node("Mul", [g.node("RandomNormalLike", [tone]), g.node("Mul", [noise, g.float(0.02)])]);
  return g.node("Add", [tone, hiss]);
}
