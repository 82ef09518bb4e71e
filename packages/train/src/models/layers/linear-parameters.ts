import type { ParameterSpec } from "../../weights/parameters.ts";

/**
 * Weight `[outputs, inputs]` and bias `[outputs]` of a linear layer, started as `torch.nn.Linear` starts them
 * (kaiming uniform with a = sqrt 5, which comes to 1 / sqrt(inputs) for both).
 */
export function linearParameters(
  name: string,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
): ParameterSpec[] {
  const initialisation = { kind: "uniform", bound: 1 / Math.sqrt(inputs) } as const;
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], initialisation, decays: true },
    { name: `${name}.bias`, shape: [outputs], initialisation, decays: false },
  ];
}

/** A linear layer that starts as one of a deep network that is linear at first; even sizes. */
export function mirroredParameters(
  name: string,
  { inputs, outputs, first }: { readonly inputs: number; readonly outputs: number; readonly first: boolean },
): ParameterSpec[] {
  const weight = { kind: "mirrored", first } as const;
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], initialisation: weight, decays: true },
    { name: `${name}.bias`, shape: [outputs], initialisation: { kind: "constant", value: 0 }, decays: false },
  ];
}

/** Weight `[outputs, inputs, kernel]` and bias of a convolution over time, started as `torch.nn.Conv1d` starts them. */
export function convolutionParameters(
  name: string,
  { inputs, outputs, kernel }: { readonly inputs: number; readonly outputs: number; readonly kernel: number },
): ParameterSpec[] {
  const initialisation = { kind: "uniform", bound: 1 / Math.sqrt(inputs * kernel) } as const;
  return [
    { name: `${name}.weight`, shape: [outputs, inputs, kernel], initialisation, decays: true },
    { name: `${name}.bias`, shape: [outputs], initialisation, decays: false },
  ];
}

/** Gain and shift of a layer normalisation over `width` values: ones and zeros. */
export const layerNormParameters = (name: string, width: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width], initialisation: { kind: "constant", value: 1 }, decays: false },
  { name: `${name}.bias`, shape: [width], initialisation: { kind: "constant", value: 0 }, decays: false },
];
