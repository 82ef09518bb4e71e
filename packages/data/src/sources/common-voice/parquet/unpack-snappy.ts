/**
 * Unpacks a raw Snappy block (google/snappy, format_description.txt) of known length. Written out here because the
 * decoders hyparquet comes with loop for ever on some damaged blocks (hysnappy 1.1.1, and hyparquet 1.31.5's own).
 * @throws Error saying what is wrong at which byte
 */
export function unpackSnappy(input: Uint8Array, outputLength: number): Uint8Array {
  const output = new Uint8Array(outputLength);
  let from = lengthEnd(input);
  let to = 0;
  while (from < input.length) {
    const tag = input[from]!;
    const element = (tag & 3) === 0 ? literal(input, from) : copy(input, from);
    const { start, length, offset } = element;
    if (to + length > outputLength)
      throw new Error(`snappy: more than ${outputLength} bytes, at byte ${from}`);
    if (offset === 0) {
      if (start + length > input.length) throw new Error(`snappy: cut short at byte ${from}`);
      output.set(input.subarray(start, start + length), to);
      from = start + length;
    } else {
      if (offset > to) throw new Error(`snappy: copy from before the start, at byte ${from}`);
      // A copy may overlap itself: then it repeats, byte by byte.
      if (offset >= length) output.copyWithin(to, to - offset, to - offset + length);
      else for (let i = to; i < to + length; i++) output[i] = output[i - offset]!;
      from = start;
    }
    to += length;
  }
  if (to !== outputLength) throw new Error(`snappy: ${to} bytes, expected ${outputLength}`);
  return output;
}

/** The block begins with its unpacked length as a varint, which the page header states as well. */
function lengthEnd(input: Uint8Array): number {
  const end = input.findIndex((byte) => byte < 0x80);
  if (end < 0 || end > 4) throw new Error("snappy: expected a length at byte 0");
  return end + 1;
}

interface Element {
  /** Offset of its bytes, or of the next element. */
  readonly start: number;
  readonly length: number;
  /** Distance back to copy from; 0 for a literal. */
  readonly offset: number;
}

/** Length minus one in the tag's upper six bits; 60 to 63 stand for that many less 59 bytes that follow. */
function literal(input: Uint8Array, at: number): Element {
  const short = input[at]! >> 2;
  const extra = Math.max(0, short - 59);
  const length = extra === 0 ? short : littleEndian(input, at + 1, extra);
  return { start: at + 1 + extra, length: length + 1, offset: 0 };
}

function copy(input: Uint8Array, at: number): Element {
  const tag = input[at]!;
  const bytes = [0, 1, 2, 4][tag & 3]!;
  const low = littleEndian(input, at + 1, bytes);
  const short = bytes === 1;
  const offset = short ? ((tag >> 5) << 8) + low : low;
  if (offset === 0) throw new Error(`snappy: copy from nowhere, at byte ${at}`);
  return { start: at + 1 + bytes, length: short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1, offset };
}

function littleEndian(input: Uint8Array, at: number, bytes: number): number {
  if (at + bytes > input.length) throw new Error(`snappy: cut short at byte ${at}`);
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + input[at + i]!;
  return value;
}
