import { CallsignError } from "@callsign/audio/internal";

import type { Architecture } from "../models/architecture.ts";
import type { Weights } from "../weights/parameters.ts";
import type { LogitScale } from "./calibrate.ts";

/** Folds a calibration into the last linear layer: scales and shifts each label's logit. */
export function foldCalibration(
  architecture: Architecture,
  weights: Weights,
  { scales }: { readonly scales: readonly LogitScale[] },
): Weights {
  const [weight, bias] = architecture.parameters.slice(-2);
  const width = weight?.shape[1];
  if (weight?.shape[0] !== scales.length || bias?.shape[0] !== scales.length || width === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${architecture.name}: expected a linear layer of ${scales.length} labels at its end`,
    );
  return new Map(weights)
    .set(
      weight.name,
      weights.get(weight.name)!.map((value, i) => value * scales[Math.floor(i / width)]!.scale),
    )
    .set(
      bias.name,
      weights.get(bias.name)!.map((value, i) => value * scales[i]!.scale + scales[i]!.shift),
    );
}
