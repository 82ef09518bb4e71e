import { CallsignError } from "@callsign/audio/internal";

import type { Architecture } from "../models/architecture.ts";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import type { LogitScale } from "./calibrate.ts";

/** Folds a calibration into the last linear layer of each member: scales and shifts each label's logit. */
export function foldCalibration(
  architecture: Architecture,
  weights: Weights,
  { scales }: { readonly scales: readonly LogitScale[] },
): Weights {
  const { parameters, members = 1 } = architecture;
  const length = parameters.length / members;
  const folded = new Map(weights);
  for (let end = length; end <= parameters.length; end += length)
    foldLayer(folded, { layer: parameters.slice(end - 2, end), name: architecture.name, scales });
  return folded;
}

interface Folding {
  /** Weight and bias of the layer. */
  readonly layer: readonly ParameterSpec[];
  readonly name: string;
  readonly scales: readonly LogitScale[];
}

function foldLayer(weights: Map<string, Float32Array>, { layer, name, scales }: Folding): void {
  const [weight, bias] = layer;
  const width = weight?.shape[1];
  if (weight?.shape[0] !== scales.length || bias?.shape[0] !== scales.length || width === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${name}: expected a linear layer of ${scales.length} labels at its end`,
    );
  weights
    .set(
      weight.name,
      weights.get(weight.name)!.map((value, i) => value * scales[Math.floor(i / width)]!.scale),
    )
    .set(
      bias.name,
      weights.get(bias.name)!.map((value, i) => value * scales[i]!.scale + scales[i]!.shift),
    );
}
