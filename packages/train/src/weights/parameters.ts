/**
 * Initialisation of a parameter: uniform in (-bound, bound), constant, or a mirrored matrix (see `mirroredMatrix`), whose
 * inputs come from a mirrored layer unless it is the first.
 */
export type Initialisation =
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "mirrored"; readonly first: boolean }
  | { readonly kind: "constant"; readonly value: number };

/** Specification of a trained array. Name and shape are those of PyTorch, so that checkpoints are exchangeable. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialisation: Initialisation;
  /** Whether weight decay applies: to matrices, not to biases and norms. */
  readonly decays: boolean;
}

/** Parameter values by name, row-major. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** A network with trainable parameters. */
export interface Parameterised {
  readonly name: string;
  readonly parameters: readonly ParameterSpec[];
}

export const parameterLength = ({ shape }: ParameterSpec): number =>
  shape.reduce((product, n) => product * n, 1);

/** Number of trainable values. */
export const parameterCount = ({ parameters }: Pick<Parameterised, "parameters">): number =>
  parameters.reduce((sum, spec) => sum + parameterLength(spec), 0);
