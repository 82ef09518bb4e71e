import type { AttributeValue } from "@callsign/onnx/internal";

/** Float32 array that is either known or the output of an ONNX operator not run yet. */
export interface LazyValue {
  readonly shape: readonly number[];
  /** The values, once computed. */
  data: Float32Array | undefined;
  /** Number of tensors with this value. */
  holders: number;
  /** Operator that computes it; undefined for given data, and after it was computed. */
  source: Operation | undefined;
}

/** One ONNX operator. */
interface Operation {
  readonly type: string;
  readonly inputs: readonly LazyValue[];
  /** Int64 lists passed as further inputs: shapes, axes, bounds. */
  readonly integers: readonly (readonly number[])[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** Value with known data. */
export const given = (data: Float32Array, shape: readonly number[]): LazyValue => ({
  shape,
  data,
  holders: 0,
  source: undefined,
});

/** Value to be computed by an operator. */
export const calculated = (
  type: string,
  inputs: readonly LazyValue[],
  options: {
    readonly shape: readonly number[];
    readonly integers?: readonly (readonly number[])[];
    readonly attributes?: Readonly<Record<string, AttributeValue>>;
  },
): LazyValue => ({
  shape: options.shape,
  data: undefined,
  holders: 0,
  source: { type, inputs, integers: options.integers ?? [], attributes: options.attributes ?? {} },
});
