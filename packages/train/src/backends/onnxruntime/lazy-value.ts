import type { AttributeValue } from "@callsign/onnx/internal";

/** An array of float32 that is known, or the ONNX operator that will calculate it. */
export interface LazyValue {
  readonly shape: readonly number[];
  /** The values, once there. */
  data: Float32Array | undefined;
  /** Tensors that hold it. */
  holders: number;
  /** How it is calculated; undefined for what was given as data, and once it has been calculated. */
  source: Operation | undefined;
}

/** One ONNX operator. */
interface Operation {
  readonly type: string;
  readonly inputs: readonly LazyValue[];
  /** Lists of whole numbers that the operator takes as further inputs: shapes, axes, bounds. */
  readonly integers: readonly (readonly number[])[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** Values that are there. */
export const given = (data: Float32Array, shape: readonly number[]): LazyValue => ({
  shape,
  data,
  holders: 0,
  source: undefined,
});

/** Values to be calculated. */
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
