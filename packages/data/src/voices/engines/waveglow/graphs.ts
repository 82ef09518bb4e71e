import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import { type Session, type SessionFactory } from "@callsign/infer/internal";
import {
  decodeOnnx,
  encodeOnnx,
  graphInputs,
  makeNode,
  makeValueInfo,
  renameValues,
  TensorProto_DataType,
  type OnnxModel,
} from "@callsign/onnx/internal";
import { seedNoise } from "../seeded-noise.ts";

/** The four graphs of Tacotron 2 and WaveGlow, ready to run. */
export interface WaveglowSessions {
  readonly encoder: Session;
  readonly decoder: Session;
  readonly postnet: Session;
  readonly waveglow: Session;
}

/** Input that gives the decoder's prenet dropout its seed: int64 `[1]`. */
export const DECODER_SEED = "callsign_seed";

/**
 * Loads encoder.onnx, decoder_iter.onnx, postnet.onnx and waveglow.onnx, named and wired as NVIDIA's
 * DeepLearningExamples exports them (PyTorch/SpeechSynthesis/Tacotron2/tensorrt/convert_*2onnx.py). The decoder drops
 * out half of its prenet at random even when speaking; that noise is made a function of a seed.
 * @throws CallsignError `MODEL_NOT_FOUND`, `MODEL_INVALID` naming file and input, `SESSION_FAILED`
 */
export async function loadWaveglow(folder: string, createSession: SessionFactory): Promise<WaveglowSessions> {
  const opened: Session[] = [];
  const open = async (file: keyof typeof EXPECTED, edit?: (model: OnnxModel) => void): Promise<Session> => {
    const path = join(folder, file);
    const bytes = await readGraph(path, folder);
    const session = await createSession(edit ? edited(bytes, { path, edit }) : bytes, { name: path });
    opened.push(session);
    checkNames(session, { path, expected: EXPECTED[file] });
    return session;
  };
  try {
    return {
      encoder: await open("encoder.onnx"),
      decoder: await open("decoder_iter.onnx", prepareDecoder),
      postnet: await open("postnet.onnx"),
      waveglow: await open("waveglow.onnx"),
    };
  } catch (error) {
    await Promise.allSettled(opened.map((session) => session.dispose()));
    throw error;
  }
}

/** Names of inputs, and of the outputs that are read. */
const EXPECTED = {
  "encoder.onnx": ["sequences sequence_lengths", "memory processed_memory"],
  "decoder_iter.onnx": [
    "decoder_input attention_hidden attention_cell decoder_hidden decoder_cell attention_weights " +
      "attention_weights_cum attention_context memory processed_memory mask",
    "decoder_output gate_prediction out_attention_hidden out_attention_cell out_decoder_hidden out_decoder_cell " +
      "out_attention_weights out_attention_weights_cum out_attention_context",
  ],
  "postnet.onnx": ["mel_outputs", "mel_outputs_postnet"],
  "waveglow.onnx": ["mel z", "audio"],
} as const satisfies Readonly<Record<string, readonly [inputs: string, outputs: string]>>;

async function readGraph(path: string, folder: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CallsignError(
      "MODEL_NOT_FOUND",
      `${path}: missing; expected ${Object.keys(EXPECTED).join(", ")} in ${folder}, as exported by NVIDIA's ` +
        "DeepLearningExamples (PyTorch/SpeechSynthesis/Tacotron2/tensorrt)",
      { cause },
    );
  }
}

function edited(
  bytes: Uint8Array,
  { path, edit }: { path: string; edit: (model: OnnxModel) => void },
): Uint8Array {
  const model = decodeOnnx(bytes, { name: path });
  try {
    edit(model);
  } catch (cause) {
    throw cause instanceof CallsignError
      ? new CallsignError(cause.code, `${path}: ${cause.message}`, { cause })
      : cause;
  }
  return encodeOnnx(model);
}

/** Seeds the prenet's noise, and takes the mask as int32, since sessions have no booleans. */
function prepareDecoder(model: OnnxModel): void {
  model.graph.input.push(makeValueInfo(DECODER_SEED, { dims: [1], type: TensorProto_DataType.INT64 }));
  seedNoise(model, { seed: DECODER_SEED, name: "decoder" });
  const mask = graphInputs(model.graph).find((input) => input.name === "mask");
  const type = mask?.type?.value;
  if (mask === undefined || type?.case !== "tensorType") return;
  const to = BigInt(type.value.elemType ?? TensorProto_DataType.BOOL);
  const cast = "callsign/mask";
  renameValues(model.graph, (name) => (name === "mask" ? cast : name));
  mask.name = "mask";
  type.value.elemType = TensorProto_DataType.INT32;
  model.graph.node.unshift(makeNode("Cast", { inputs: ["mask"], outputs: [cast], attributes: { to } }));
}

function checkNames(
  session: Session,
  { path, expected: [inputs, outputs] }: { path: string; expected: readonly [string, string] },
): void {
  const found = new Set([...session.inputs, ...session.outputs].map((value) => value.name));
  const missing = `${inputs} ${outputs}`.split(" ").filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new CallsignError(
      "MODEL_INVALID",
      `${path}: expected the inputs ${inputs} and the outputs ${outputs}; missing ${missing.join(" ")}`,
    );
  }
  const half = session.inputs.find((input) => input.type.includes("float16"));
  if (half)
    throw new CallsignError("MODEL_INVALID", `${path}: input ${half.name} is float16; export without --fp16`);
}
