/** A `.npy` file as numpy's `save` writes it: version 1.0, header padded to 128 bytes. */
export function npyFile(data: Uint16Array | Float32Array, shape: readonly number[]): Uint8Array {
  const type = data instanceof Uint16Array ? "<f2" : "<f4";
  const fields = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${fields.padEnd(117)}\n`, "latin1");
  return Buffer.concat([head, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

/** Float16 embeddings of which each value tells its frame: bits of the frame's number, below those of infinity. */
export const numberedFrames = (frames: number): Uint16Array =>
  Uint16Array.from({ length: frames * 96 }, (_, i) => Math.floor(i / 96) % 0x7c00);
