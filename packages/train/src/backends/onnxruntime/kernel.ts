import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { calculated, LazyValue } from "./lazy-value.ts";

/** Records one ONNX operator; returns its output. */
export type Graph = typeof calculated;

/** One TensorFlow.js operation in ONNX operators: takes inputs and attributes, returns the output or outputs. */
export type Kernel = (
  graph: Graph,
  inputs: readonly LazyValue[],
  attributes: NamedAttrMap,
) => LazyValue | readonly LazyValue[];
