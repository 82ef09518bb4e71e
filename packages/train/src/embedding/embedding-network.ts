import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import type { ParameterSpec } from "../weights/parameters.ts";

/** One convolution over time and mel bins: unpadded in time; LayerNorm's place is taken by batch normalisation, which folds away. */
export interface EmbeddingLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Kernel, stride: frames, then bins. */
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Bins of zeros on either side. */
  readonly padding: number;
  /** Bins that go in and come out. */
  readonly bins: readonly [number, number];
}

/** A student: a plain chain of convolutions, each with batch normalisation and ReLU but the last. */
export interface EmbeddingNetwork {
  readonly name: string;
  readonly layers: readonly EmbeddingLayer[];
  readonly parameters: readonly ParameterSpec[];
}

/** What a layer is told; sizes follow from the layer before. */
export interface LayerPlan {
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: number;
}

/**
 * The embedding's network: detail in time and pitch first, then words. It sees 76 frames and advances by 8, so it can
 * stand in the reference's place. @throws CallsignError `CONFIG_INVALID` for a plan that does not
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

/** Kaiming's bound for ReLU (He et al. 2015, arXiv 1502.01852). The last layer is linear and has a bias. */
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
