/** IEEE 754 binary16 of numbers, rounded to nearest, ties to even. Beyond 65,504 (the largest) they become infinite. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) halves[i] = halfOf(bits[i]!);
  return halves;
}

/**
 * Widens float16 to float32, exactly. By a table of all 65,536 values: Node 20 has no Float16Array, and packages that add one
 * convert value by value through a proxy.
 * @param into at least as long as `halves`
 */
export function fromFloat16(
  halves: Uint16Array,
  into: Float32Array = new Float32Array(halves.length),
): Float32Array {
  for (let i = 0; i < halves.length; i++) into[i] = WIDENED[halves[i]!]!;
  return into;
}

/** Index of the first value that is infinite or no number; -1 if there is none. */
export const findNotFinite16 = (halves: Uint16Array): number =>
  halves.findIndex((bits) => (bits & 0x7c00) === 0x7c00);

/** The same of float32. */
export const findNotFinite = (values: Float32Array): number =>
  values.findIndex((value) => !Number.isFinite(value));

/** Bits of a float32 to the bits of the nearest float16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  // 65,520, half a step above the largest float16, and more.
  if (magnitude >= 0x477f_f000) return sign | 0x7c00;
  // Below 2^-14 a step is 2^-24, so the number of steps is the result.
  if (magnitude < 0x3880_0000) return sign | roundToEven(toNumber(magnitude) * 2 ** 24);
  // The exponent's bias changes from 127 to 15; a fraction that is rounded up carries into the exponent.
  const kept = (magnitude >>> 13) - (112 << 10);
  const rest = magnitude & 0x1fff;
  return sign | (kept + (rest > 0x1000 || (rest === 0x1000 && (kept & 1) === 1) ? 1 : 0));
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function toNumber(bits: number): number {
  scratchBits[0] = bits;
  return scratch[0]!;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && (floor & 1) === 1) ? floor + 1 : floor;
}

const WIDENED = Float32Array.from({ length: 0x1_0000 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});
