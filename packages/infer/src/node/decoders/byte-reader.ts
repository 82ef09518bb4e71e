import type { ByteSource } from "./byte-source.ts";

/** Bytes asked of the source at a time: one system call for most clips. */
const BLOCK_LENGTH = 65536;

/** Reads a source from start to end, holding only what was asked for and not yet skipped. */
export class ByteReader {
  readonly name: string;
  readonly length: number;
  readonly #source: ByteSource;
  #buffer: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(source: ByteSource) {
    this.name = source.name;
    this.length = source.length;
    this.#source = source;
  }

  /** Byte of the file that comes next. */
  get position(): number {
    return this.#position;
  }

  /** Makes `wanted` bytes available, fewer only at the end, and returns all that are; nothing is skipped. */
  async fill(wanted: number): Promise<Uint8Array> {
    const missing = wanted - this.#buffer.length;
    const from = this.#position + this.#buffer.length;
    if (missing > 0 && from < this.length) {
      const more = await this.#source.read(from, Math.max(missing, BLOCK_LENGTH));
      const joined = new Uint8Array(this.#buffer.length + more.length);
      joined.set(this.#buffer);
      joined.set(more, this.#buffer.length);
      this.#buffer = joined;
    }
    return this.#buffer;
  }

  /** Leaves bytes behind, also ones that were never read. */
  skip(count: number): void {
    this.#position += count;
    this.#buffer = this.#buffer.subarray(count);
  }
}
