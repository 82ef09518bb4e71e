import { createRandom } from "@callsign/data/internal";
import { expect, it } from "vitest";

import { mirroredMatrix } from "../../src/weights/mirrored-matrix.ts";

const relu = (values: number[]): number[] => values.map((value) => Math.max(0, value));
const apply = (matrix: Float32Array, x: number[]): number[] =>
  Array.from({ length: matrix.length / x.length }, (_, r) =>
    x.reduce((sum, value, c) => sum + matrix[r * x.length + c]! * value, 0),
  );
const norm = (x: number[]): number => Math.hypot(...x);

it("makes forty blocks of product and ReLU a rotation", () => {
  const random = createRandom(3);
  const layer = (i: number): Float32Array =>
    mirroredMatrix({ outputs: 16, inputs: i === 0 ? 8 : 16, first: i === 0, random: random.fork(i) });
  const layers = Array.from({ length: 40 }, (_, i) => layer(i));
  const through = (x: number[]): number[] => layers.reduce((h, matrix) => relu(apply(matrix, h)), x);
  const [a, b] = [1, 2].map((seed) => Array.from({ length: 8 }, () => createRandom(seed).normal()));
  const [p, q] = [through(a!), through(b!)];
  // Halves that cut off each other's signs: taken apart again, the signed values.
  const signed = (h: number[]): number[] => h.slice(0, 8).map((value, i) => value - h[i + 8]!);
  const difference = signed(p).map((value, i) => value - signed(q)[i]!);
  expect(norm(p)).toBeCloseTo(norm(a!), 4);
  expect(norm(difference)).toBeCloseTo(norm(a!.map((value, i) => value - b![i]!)), 4);
});

it("has orthonormal rows, as many as fit", () => {
  const matrix = mirroredMatrix({ outputs: 8, inputs: 3, first: true, random: createRandom(1) });
  const row = (i: number): number[] => Array.from(matrix.subarray(3 * i, 3 * i + 3));
  const dot = (i: number, j: number): number => row(i).reduce((sum, value, c) => sum + value * row(j)[c]!, 0);
  expect(dot(0, 0)).toBeCloseTo(1, 6);
  expect(dot(0, 2)).toBeCloseTo(0, 6);
  expect(dot(3, 3)).toBeCloseTo(1, 6);
  expect(dot(0, 4)).toBeCloseTo(-1, 6);
});
