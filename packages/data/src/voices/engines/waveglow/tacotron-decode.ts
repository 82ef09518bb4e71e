import type { Session, Tensor } from "@callsign/infer/internal";
import type { Random } from "../../../random.ts";
import { floatData } from "./float-data.ts";
import { synthesisFailed, throwIfAborted } from "../../synthesis-error.ts";
import { DECODER_SEED, type WaveglowSessions } from "./graphs.ts";

/** A log-mel spectrogram `[bins, frames]`, and the number of frames before the stop token. */
export interface Mel {
  readonly data: Float32Array;
  readonly bins: number;
  readonly frames: number;
  readonly spokenFrames: number;
}

/** The frame whose gate passes this ends the clip (gate_threshold of the exporter's own check). */
const GATE_THRESHOLD = 0.6;
/** Eleven seconds; a decoder that has not stopped by then has lost its place in the text. */
const MOST_STEPS = 1000;

/**
 * Tacotron 2: symbols to a mel spectrogram, frame by frame, then the postnet.
 * @throws CallsignError `SYNTHESIS_FAILED` when nothing is left to say or the gate never closes, `ABORTED`
 */
export async function decodeMel(
  { encoder, decoder, postnet }: WaveglowSessions,
  symbols: readonly number[],
  {
    text,
    random,
    signal,
  }: { readonly text: string; readonly random: Random; readonly signal?: AbortSignal | undefined },
): Promise<Mel> {
  const failed = (reason: string): Error => synthesisFailed({ engine: "waveglow", text, reason });
  if (symbols.length === 0) throw failed("no character of it is among Tacotron's symbols (English letters)");
  const encoded = await encoder.run({
    sequences: integers(encoder, "sequences", { values: symbols, dims: [1, symbols.length] }),
    sequence_lengths: integers(encoder, "sequence_lengths", { values: [symbols.length], dims: [1] }),
  });
  const fixed = {
    memory: encoded.memory!,
    processed_memory: encoded.processed_memory!,
    mask: openMask(symbols.length),
  };
  let state = startState(decoder, symbols.length);
  const frames: Float32Array[] = [];
  for (;;) {
    throwIfAborted(signal, "waveglow");
    const seed = { data: BigInt64Array.of(BigInt(random.integer(0, 2 ** 31 - 1))), dims: [1] };
    const out = await decoder.run({ ...state, ...fixed, [DECODER_SEED]: seed });
    frames.push(floatData(out.decoder_output, "decoder_output"));
    if (sigmoid(Number(out.gate_prediction!.data[0])) > GATE_THRESHOLD) break;
    if (frames.length >= MOST_STEPS) throw failed(`the decoder had not stopped after ${MOST_STEPS} frames`);
    state = nextState(out);
  }
  if (frames.length < 2) throw failed("the decoder stopped at the first frame");
  const bins = frames[0]!.length;
  const mel = { data: transposed(frames, bins), dims: [1, bins, frames.length] };
  const { mel_outputs_postnet: refined } = await postnet.run({ mel_outputs: mel });
  return {
    data: floatData(refined, "mel_outputs_postnet"),
    bins,
    frames: frames.length,
    spokenFrames: frames.length - 1,
  };
}

/** All zeros, as DeepLearningExamples' init_decoder_inputs; sizes from the graph, or those of the published model. */
function startState(decoder: Session, symbols: number): Record<string, Tensor> {
  const zeros = (name: string, length: number): [string, Tensor] => [
    name,
    { data: new Float32Array(length), dims: [1, length] },
  ];
  const width = (name: string, otherwise: number): [string, Tensor] => {
    const size = decoder.inputs.find((input) => input.name === name)?.dims[1];
    return zeros(name, typeof size === "number" && size > 0 ? size : otherwise);
  };
  return Object.fromEntries([
    width("decoder_input", 80),
    width("attention_hidden", 1024),
    width("attention_cell", 1024),
    width("decoder_hidden", 1024),
    width("decoder_cell", 1024),
    zeros("attention_weights", symbols),
    zeros("attention_weights_cum", symbols),
    width("attention_context", 512),
  ]);
}

/** Each output goes into the input it is named after. */
const nextState = (out: Readonly<Record<string, Tensor>>): Record<string, Tensor> => ({
  decoder_input: out.decoder_output!,
  ...Object.fromEntries(
    Object.entries(out)
      .filter(([name]) => name.startsWith("out_"))
      .map(([name, tensor]) => [name.slice("out_".length), tensor]),
  ),
});

/** No symbol is padding (one text at a time); true would mask one out. */
const openMask = (symbols: number): Tensor => ({ data: new Int32Array(symbols), dims: [1, symbols] });

/** int64 as PyTorch exports it, int32 as converted for TensorRT. */
function integers(
  session: Session,
  name: string,
  { values, dims }: { readonly values: readonly number[]; readonly dims: readonly number[] },
): Tensor {
  const type = session.inputs.find((input) => input.name === name)?.type;
  return type === "int32"
    ? { data: Int32Array.from(values), dims }
    : { data: BigInt64Array.from(values, BigInt), dims };
}

function transposed(frames: readonly Float32Array[], bins: number): Float32Array {
  const data = new Float32Array(bins * frames.length);
  for (const [t, frame] of frames.entries()) {
    for (let bin = 0; bin < bins; bin++) data[bin * frames.length + t] = frame[bin]!;
  }
  return data;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
