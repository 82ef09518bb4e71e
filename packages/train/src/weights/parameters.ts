/**
 * How a parameter starts: uniform in (-bound, bound), one value everywhere, or as a mirrored matrix (see
 * `mirroredMatrix`), whose inputs come from a mirrored layer unless it is the first.
 */
export type Initialisation =
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "mirrored"; readonly first: boolean }
  | { readonly kind: "constant"; readonly value: number };

/** One trained array: its name and shape as PyTorch has them, so checkpoints read in both worlds. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialisation: Initialisation;
  /** Whether weight decay pulls on it: matrices yes, biases and norms no. */
  readonly decays: boolean;
}

/** The values of an architecture's parameters, by name, row-major. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** Anything with parameters to learn. */
export interface Parameterised {
  readonly name: string;
  readonly parameters: readonly ParameterSpec[];
}

export const parameterLength = ({ shape }: ParameterSpec): number =>
  shape.reduce((product, n) => product * n, 1);

/** How many numbers an architecture learns. */
export const parameterCount = ({ parameters }: Pick<Parameterised, "parameters">): number =>
  parameters.reduce((sum, spec) => sum + parameterLength(spec), 0);
