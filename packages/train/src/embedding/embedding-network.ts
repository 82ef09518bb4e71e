import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import type { ParameterSpec } from "../weights/parameters.ts";

/** Convolution over time and mel bins, unpadded in time. Uses batch norm instead of LayerNorm, so that it can be folded into the convolution at export. */
export interface EmbeddingLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Kernel size in frames and bins; `stride` likewise. */
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Zero bins on either side. */
  readonly padding: number;
  /** Number of input and output bins. */
  readonly bins: readonly [number, number];
}

/** Student network: a chain of convolutions, all but the last with batch normalisation and ReLU. */
export interface EmbeddingNetwork {
  readonly name: string;
  readonly layers: readonly EmbeddingLayer[];
  readonly parameters: readonly ParameterSpec[];
}

/** Settings of one layer; input sizes follow from the previous layer. */
export interface LayerPlan {
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: number;
}

/**
 * Builds the network of an embedding. Its receptive field of 76 frames and stride of 8 are those of the reference
 * embedding, which it can replace. @throws CallsignError `CONFIG_INVALID` for other sizes
 */
export function embeddingNetwork(plan: readonly LayerPlan[]): EmbeddingNetwork {
  let [inputs, bins, frames, step] = [1, LOG_MEL.melBins as number, 1, 1];
  const layers = plan.map(({ outputs, kernel, stride = [1, 1], padding = 0 }, i): EmbeddingLayer => {
    const out = Math.floor((bins + 2 * padding - kernel[1]) / stride[1]) + 1;
    const layer = { name: `layer${i}`, inputs, outputs, kernel, stride, padding, bins: [bins, out] } as const;
    frames += (kernel[0] - 1) * step;
    step *= stride[0];
    [inputs, bins] = [outputs, out];
    return layer;
  });
  const { windowFrames, strideFrames, dimension } = EMBEDDING;
  if (frames !== windowFrames || step !== strideFrames || bins !== 1 || inputs !== dimension)
    throw new CallsignError(
      "CONFIG_INVALID",
      `layers: expected a network that reads 76 frames with stride 8 and ends in 1 bin of 96 outputs, got ${frames} frames, stride ${step}, ${bins} bins, ${inputs} outputs`,
    );
  return {
    name: "callsign-embedding",
    layers,
    parameters: layers.flatMap((layer, i) => layerParameters(layer, i === layers.length - 1)),
  };
}

/** Parameters of a layer, Kaiming uniform for ReLU (He et al. 2015, arXiv 1502.01852). The last layer is linear with a bias. */
function layerParameters(
  { name, inputs, outputs, kernel }: EmbeddingLayer,
  isLast: boolean,
): ParameterSpec[] {
  const bound = Math.sqrt((isLast ? 3 : 6) / (inputs * kernel[0] * kernel[1]));
  const weight: ParameterSpec = {
    name: `${name}.weight`,
    shape: [outputs, inputs, ...kernel],
    initialisation: { kind: "uniform", bound },
    decays: true,
  };
  const vector = (part: string, value: number): ParameterSpec => ({
    name: `${name}.${part}`,
    shape: [outputs],
    initialisation: { kind: "constant", value },
    decays: false,
  });
  return isLast ? [weight, vector("bias", 0)] : [weight, vector("gain", 1), vector("offset", 0)];
}
