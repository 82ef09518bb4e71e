import { CallsignError } from "@callsign/audio/internal";
import {
  decodeOnnx,
  encodeOnnx,
  graphInputs,
  makeFloatTensor,
  makeInt64Tensor,
  makeMetadata,
  makeNode,
  makeValueInfo,
  type NodeProto,
  type OnnxModel,
  renameValues,
  TensorProto_DataType,
  type ValueInfoProto,
} from "@callsign/onnx/internal";
import { seedNoise } from "../seeded-noise.ts";

/** A VITS graph whose noise, and how much of it, the speaker number decides. */
export interface SeededVits {
  readonly bytes: Uint8Array;
  readonly speakers: number;
  /** Seeds are 0 to this, less one. */
  readonly seeds: number;
}

/** Everything the rewritten graph reads from its one speaker number. */
export interface VitsDraw {
  readonly speaker: number;
  readonly noiseScale: number;
  readonly noiseScaleW: number;
  readonly seed: number;
}

/** Noise scales are multiples of this, from 0 to 31 of them (0 to 1.55; VITS is used at 0.667 and 0.8). */
export const NOISE_STEP = 0.05;
const NOISE_LEVELS = 32;
/** sherpa-onnx holds speaker numbers and their count in int32. */
const MOST_SPEAKERS = 2 ** 31 - 1;

/**
 * Rewrites a VITS or Piper graph so that a clip's noise comes from a seed, and both noise scales can be set for each
 * clip: sherpa-onnx fixes the scales when it loads a model and lets ONNX noise run on from the clock, but passes any
 * speaker number below the model's declared count. So the count is declared 2^31 - 1, and the number carries
 * `speaker + speakers * (noise + 32 * (noiseW + 32 * seed))`, unpacked by a few integer nodes.
 * @throws CallsignError `MODEL_INVALID` for what sherpa-onnx would end the process over
 */
export function seedVitsGraph(
  bytes: Uint8Array,
  {
    name,
    metadata: more = {},
  }: {
    readonly name: string;
    /** Entries that the graph's own metadata lacks. */
    readonly metadata?: Readonly<Record<string, string>>;
  },
): SeededVits {
  const model = decodeOnnx(bytes, { name });
  const isNew = ({ key }: { key: string }): boolean => model.metadataProps.every((own) => own.key !== key);
  model.metadataProps.push(...makeMetadata(more).filter(isNew));
  const metadata = new Map(model.metadataProps.map(({ key, value }) => [key, value]));
  const comment = checkMetadata(metadata, name);
  const speakers = Math.max(1, Number(metadata.get("n_speakers")));
  const seeds = Math.floor(MOST_SPEAKERS / (speakers * NOISE_LEVELS ** 2));
  const isPiper = /piper|coqui/.test(comment);
  const inputs = checkInputs(model, { name, isPiper });
  if (isPiper ? inputs.length === 3 : inputs.length === 5) addSpeakerInput(model, inputs);
  const [noiseAt, speakerAt] = isPiper ? [2, 3] : [2, 5];
  const speaker = inputs[speakerAt]!.name;
  const scales = isPiper ? [inputs[noiseAt]!.name] : [inputs[2]!.name, inputs[4]!.name];
  insteadOfInputs(model, [speaker, ...scales]);
  seedNoise(model, { seed: `${OWN}seed`, name });
  model.graph.node.unshift(...unpackNodes({ speaker, speakers, scales, isPiper }));
  for (const property of model.metadataProps)
    if (property.key === "n_speakers") property.value = `${MOST_SPEAKERS}`;
  return { bytes: encodeOnnx(model), speakers, seeds };
}

/** The speaker number that the rewritten graph unpacks again. */
export function packDraw(
  { speaker, noiseScale, noiseScaleW, seed }: VitsDraw,
  { speakers }: SeededVits,
): number {
  const level = (scale: number): number => Math.round(scale / NOISE_STEP);
  return speaker + speakers * (level(noiseScale) + NOISE_LEVELS * (level(noiseScaleW) + NOISE_LEVELS * seed));
}

/** Prefix of the values this file adds to a graph. */
const OWN = "callsign/";

/** sherpa-onnx ends the process when one of these is missing (offline-tts-vits-model.cc). */
function checkMetadata(metadata: ReadonlyMap<string, string>, name: string): string {
  const missing = ["sample_rate", "n_speakers", "language", "comment"].filter((key) => !metadata.has(key));
  const speakers = Number(metadata.get("n_speakers"));
  if (missing.length > 0 || !(speakers >= 0 && speakers <= 100_000)) {
    const got =
      missing.length > 0 ? `no ${missing.join(", no ")}` : `n_speakers ${metadata.get("n_speakers")}`;
    throw new CallsignError(
      "MODEL_INVALID",
      `${name}: expected a VITS model exported for sherpa-onnx, with sample_rate, n_speakers, language and comment in ` +
        `its metadata; got ${got}`,
    );
  }
  return metadata.get("comment")!;
}

/** Inputs by position, as sherpa-onnx feeds them. */
function checkInputs(
  model: OnnxModel,
  { name, isPiper }: { name: string; isPiper: boolean },
): ValueInfoProto[] {
  const inputs = graphInputs(model.graph);
  const speaker = inputs[isPiper ? 3 : 5]?.name ?? "sid";
  const counts = isPiper ? [3, 4] : [5, 6];
  if (!counts.includes(inputs.length) || (speaker !== "sid" && (isPiper || speaker !== "speaker"))) {
    const expected = isPiper
      ? "input, input_lengths, scales and perhaps sid"
      : "x, x_length, noise_scale, length_scale, noise_scale_w and perhaps sid";
    throw new CallsignError(
      "MODEL_INVALID",
      `${name}: expected the inputs ${expected}, got ${inputs.map((input) => input.name).join(", ")}`,
    );
  }
  return inputs;
}

function addSpeakerInput(model: OnnxModel, inputs: ValueInfoProto[]): void {
  const speaker = makeValueInfo("sid", { dims: [1], type: TensorProto_DataType.INT64 });
  model.graph.input.push(speaker);
  inputs.push(speaker);
}

/** Lets every node that read one of these inputs read our value of that name instead. */
function insteadOfInputs(model: OnnxModel, names: readonly string[]): void {
  const own = new Map(names.map((name) => [name, `${OWN}${name}`]));
  renameValues(model.graph, (name) => own.get(name) ?? name);
  for (const input of model.graph.input) {
    if (input.name.startsWith(OWN)) input.name = input.name.slice(OWN.length);
  }
}

interface Unpacking {
  readonly speaker: string;
  readonly speakers: number;
  /** The inputs noise_scale and noise_scale_w, or Piper's one input `[noise, length, noiseW]`. */
  readonly scales: readonly string[];
  readonly isPiper: boolean;
}

function unpackNodes({ speaker, speakers, scales, isPiper }: Unpacking): NodeProto[] {
  const binary = (opType: string, inputs: readonly string[], output: string): NodeProto =>
    makeNode(opType, { inputs, outputs: [`${OWN}${output}`] });
  const level = (code: string, output: string): NodeProto[] => [
    binary("Mod", [code, `${OWN}levels`], `${output}_level`),
    makeNode("Cast", {
      inputs: [`${OWN}${output}_level`],
      outputs: [`${OWN}${output}_count`],
      attributes: { to: BigInt(TensorProto_DataType.FLOAT) },
    }),
    binary("Mul", [`${OWN}${output}_count`, `${OWN}step`], output),
  ];
  const [noise = "", noiseW = ""] = isPiper ? ["piper_noise", "piper_noise_w"] : scales;
  return [
    constant("speakers", makeInt64Tensor("", { values: [speakers] })),
    constant("levels", makeInt64Tensor("", { values: [NOISE_LEVELS] })),
    constant("step", makeFloatTensor("", { values: [NOISE_STEP], dims: [1] })),
    binary("Mod", [speaker, `${OWN}speakers`], speaker),
    binary("Div", [speaker, `${OWN}speakers`], "code_noise"),
    ...level(`${OWN}code_noise`, noise),
    binary("Div", [`${OWN}code_noise`, `${OWN}levels`], "code_noise_w"),
    ...level(`${OWN}code_noise_w`, noiseW),
    binary("Div", [`${OWN}code_noise_w`, `${OWN}levels`], "seed"),
    ...(isPiper ? piperScales(scales[0]!) : []),
  ];
}

/** `[noise, length, noiseW]` with the length as it came. */
function piperScales(scales: string): NodeProto[] {
  return [
    constant("length_at", makeInt64Tensor("", { values: [1] })),
    makeNode("Gather", { inputs: [scales, `${OWN}length_at`], outputs: [`${OWN}length`] }),
    makeNode("Concat", {
      inputs: [`${OWN}piper_noise`, `${OWN}length`, `${OWN}piper_noise_w`],
      outputs: [`${OWN}${scales}`],
      attributes: { axis: 0n },
    }),
  ];
}

const constant = (output: string, value: ReturnType<typeof makeInt64Tensor>): NodeProto =>
  makeNode("Constant", { inputs: [], outputs: [`${OWN}${output}`], attributes: { value } });
