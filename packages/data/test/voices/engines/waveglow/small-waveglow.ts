import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  encodeOnnx,
  makeGraph,
  makeModel,
  makeValueInfo,
  TensorProto_DataType as Type,
  type ValueInfoProto,
} from "@callsign/onnx/internal";
import { GraphWriter } from "../../support/graph-writer.ts";

/** Widths of the small model: bins, attention and decoder cells, memory, processed memory. */
const [BINS, CELL, MEMORY, PROCESSED] = [8, 6, 4, 3];

/**
 * The four graphs of DeepLearningExamples' export, small. Names, types, ranks, opsets (10 and 12) and the random
 * dropout in the decoder are as there. A text of n symbols makes `stepsPerSymbol * n + 1` decoder steps.
 */
export async function writeSmallWaveglow(folder: string, options: SmallWaveglow = {}): Promise<string> {
  const { stepsPerSymbol = 4, stops = true } = options;
  await mkdir(folder, { recursive: true });
  const graphs = {
    "encoder.onnx": encoder(),
    "decoder_iter.onnx": decoder({ stepsPerSymbol: stops ? stepsPerSymbol : 1e9 }),
    "postnet.onnx": postnet(),
    "waveglow.onnx": waveglow(),
  };
  for (const [name, bytes] of Object.entries(graphs)) await writeFile(join(folder, name), bytes);
  return folder;
}

interface SmallWaveglow {
  readonly stepsPerSymbol?: number;
  /** False: the gate never closes. */
  readonly stops?: boolean;
}

const float = (name: string, ...dims: (number | string)[]): ValueInfoProto => makeValueInfo(name, { dims });
const int64 = (name: string, ...dims: (number | string)[]): ValueInfoProto =>
  makeValueInfo(name, { dims, type: Type.INT64 });

interface Parts {
  readonly inputs: ValueInfoProto[];
  readonly outputs: ValueInfoProto[];
  readonly opset: number;
}

const encode = (g: GraphWriter, { inputs, outputs, opset }: Parts): Uint8Array =>
  encodeOnnx(makeModel(makeGraph("small", { inputs, outputs, nodes: g.nodes }), { opset }));

function encoder(): Uint8Array {
  const g = new GraphWriter();
  const column = g.node("Unsqueeze", [g.cast("sequences", Type.FLOAT)], { attributes: { axes: [2n] } });
  const scaled = g.node("Mul", [column, g.float(0.01)]);
  g.node("Expand", [scaled, g.ints(1, 1, MEMORY)], { output: "memory" });
  g.node("Expand", [scaled, g.ints(1, 1, PROCESSED)], { output: "processed_memory" });
  g.node("Mul", ["sequence_lengths", g.ints(2)], { output: "lens" });
  return encode(g, {
    inputs: [int64("sequences", 1, "text_seq"), int64("sequence_lengths", 1)],
    outputs: [
      float("memory", 1, "mem_seq", MEMORY),
      float("processed_memory", 1, "mem_seq", PROCESSED),
      int64("lens", 1),
    ],
    opset: 10,
  });
}

/** Attention is spread evenly, so its running sum counts the steps; the gate opens when it has come far enough. */
function decoder({ stepsPerSymbol }: { stepsPerSymbol: number }): Uint8Array {
  const g = new GraphWriter();
  const noise = g.node("RandomUniform", [], { attributes: { shape: [BigInt(BINS)], low: 0, high: 1 } });
  const kept = g.cast(g.node("Not", [g.node("Greater", [noise, g.float(0.5)])]), Type.FLOAT);
  const attended = g.node("ReduceMean", ["memory"], { attributes: { axes: [1n, 2n], keepdims: 0n } });
  const drive = g.node("Add", [g.node("Mul", ["decoder_input", g.float(0.5)]), kept]);
  const unmasked = g.cast(g.node("Not", ["mask"]), Type.FLOAT);
  g.node("Add", [drive, attended], { output: "decoder_output" });
  for (const cell of [
    "attention_hidden",
    "attention_cell",
    "decoder_hidden",
    "decoder_cell",
    "attention_context",
  ]) {
    g.node("Add", [cell, g.float(0.1)], { output: `out_${cell}` });
  }
  const zeroed = g.node("Mul", ["attention_weights", g.float(0)]);
  g.node("Add", [zeroed, unmasked], { output: "out_attention_weights" });
  g.node("Add", ["attention_weights_cum", "out_attention_weights"], { output: "out_attention_weights_cum" });
  const steps = g.node("ReduceMean", ["out_attention_weights_cum"], {
    attributes: { axes: [1n], keepdims: 1n },
  });
  const symbols = g.cast(g.size("memory", 1), Type.FLOAT);
  const due = g.node("Mul", [symbols, g.float(stepsPerSymbol)]);
  g.node("Sub", [g.node("Sub", [steps, due]), g.float(0.1)], { output: "gate_prediction" });
  const states: ValueInfoProto[] = [
    "attention_hidden",
    "attention_cell",
    "decoder_hidden",
    "decoder_cell",
  ].map((name) => float(name, 1, CELL));
  const attention = (prefix: string): ValueInfoProto[] =>
    ["attention_weights", "attention_weights_cum"].map((name) => float(`${prefix}${name}`, 1, "seq_len"));
  return encode(g, {
    inputs: [
      float("decoder_input", 1, BINS),
      ...states,
      ...attention(""),
      float("attention_context", 1, MEMORY),
      float("memory", 1, "seq_len", MEMORY),
      float("processed_memory", 1, "seq_len", PROCESSED),
      makeValueInfo("mask", { dims: [1, "seq_len"], type: Type.BOOL }),
    ],
    outputs: [
      float("decoder_output", 1, BINS),
      float("gate_prediction", 1, 1),
      ...states.map(({ name }) => float(`out_${name}`, 1, CELL)),
      ...attention("out_"),
      float("out_attention_context", 1, MEMORY),
    ],
    opset: 10,
  });
}

function postnet(): Uint8Array {
  const g = new GraphWriter();
  g.node("Mul", ["mel_outputs", g.float(0.5)], { output: "mel_outputs_postnet" });
  return encode(g, {
    inputs: [float("mel_outputs", 1, BINS, "mel_seq")],
    outputs: [float("mel_outputs_postnet", 1, BINS, "mel_seq")],
    opset: 10,
  });
}

/** Each sample: a 220 Hz tone, as loud as the mean of its mel frame, and a little of its own z. */
function waveglow(): Uint8Array {
  const g = new GraphWriter();
  const level = g.node("ReduceMean", ["mel"], { attributes: { axes: [1n], keepdims: 0n } });
  const frames = g.node("Unsqueeze", [level], { attributes: { axes: [2n] } });
  const loud = g.node("Reshape", [g.node("Expand", [frames, g.ints(1, 1, 256)]), g.ints(1, -1)]);
  const flat = g.node("Reshape", [
    g.node("Transpose", ["z"], { attributes: { perm: [0n, 2n, 1n] } }),
    g.ints(1, -1),
  ]);
  const time = g.cast(g.range(g.size(flat, 1)), Type.FLOAT);
  const tone = g.node("Sin", [g.node("Mul", [time, g.float((2 * Math.PI * 220) / 22_050)])]);
  const sung = g.node("Mul", [g.node("Mul", [tone, loud]), g.float(0.4)]);
  g.node("Add", [sung, g.node("Mul", [flat, g.float(0.02)])], { output: "audio" });
  return encode(g, {
    inputs: [float("mel", "batch_size", BINS, "mel_seq"), float("z", "batch_size", 8, "z_seq")],
    outputs: [float("audio", "batch_size", "audio_seq")],
    opset: 12,
  });
}
