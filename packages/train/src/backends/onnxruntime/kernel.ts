import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { calculated, LazyValue } from "./lazy-value.ts";

/** Notes one ONNX operator; returns what it will give. */
export type Graph = typeof calculated;

/** One TensorFlow.js operation as ONNX operators: its inputs and attributes in, its output or outputs out. */
export type Kernel = (
  graph: Graph,
  inputs: readonly LazyValue[],
  attributes: NamedAttrMap,
) => LazyValue | readonly LazyValue[];
