import { CallsignError } from "../../errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** Sequential reader of a source, which buffers only bytes that were requested and not yet skipped. */
export class ByteReader {
  readonly name: string;
  /** Number of bytes in the source; undefined for a pipe. */
  readonly length: number | undefined;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #buffer: Uint8Array = new Uint8Array(0);
  #position = 0;
  #ended = false;
  #abort: (() => void) | undefined;

  /** @param options.signal rejects a pending read with `ABORTED` */
  constructor(source: ByteSource, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
    this.name = source.name;
    this.length = source.length;
    this.#chunks = source.chunks[Symbol.asyncIterator]();
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
  }

  /** Position of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Buffers at least `wanted` bytes, fewer at the end only, and returns all buffered bytes without consuming them. */
  async fill(wanted: number): Promise<Uint8Array> {
    let available = this.#buffer.length;
    if (available >= wanted || this.#ended) return this.#buffer;
    const parts = [this.#buffer];
    while (available < wanted) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      parts.push(chunk);
      available += chunk.length;
    }
    this.#buffer = available === parts.at(-1)!.length ? parts.at(-1)! : joinBytes(parts, available);
    return this.#buffer;
  }

  /** Skips `count` bytes, fewer at the end only, and returns the number skipped. */
  async skip(count: number): Promise<number> {
    let left = count;
    for (;;) {
      const dropped = Math.min(left, this.#buffer.length);
      this.#buffer = this.#buffer.subarray(dropped);
      this.#position += dropped;
      left -= dropped;
      if (left === 0 || (await this.fill(1)).length === 0) return count - left;
    }
  }

  /** Yields the remaining bytes in chunks. Do not use the reader meanwhile. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const bytes = await this.fill(1);
      if (bytes.length === 0) return;
      await this.skip(bytes.length);
      yield bytes;
    }
  }

  /** Ends the source's iteration. */
  close(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    // Not awaited, since a generator that waits for a silent pipe ends only with the pipe.
    if (!this.#ended) this.#chunks.return?.().catch(() => undefined);
    this.#ended = true;
  }

  readonly #onAbort = (): void => this.#abort?.();

  /** Next non-empty chunk, or undefined at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const step = await this.#nextStep();
      if (step.done === true) {
        this.#ended = true;
        return undefined;
      }
      const { value } = step;
      if (!(value instanceof Uint8Array))
        throw new CallsignError(
          "INVALID_ARGUMENT",
          `${this.name}: expected a stream of Uint8Array or Buffer, got ${typeof value}; set no encoding on it`,
        );
      if (value.length > 0) return value;
    }
  }

  /** Waits with a single abort listener; a long-lived promise raced with every chunk would retain them all. */
  #nextStep(): Promise<IteratorResult<Uint8Array>> {
    if (this.#signal === undefined) return this.#chunks.next();
    return new Promise((resolve, reject) => {
      this.#abort = () =>
        reject(
          new CallsignError("ABORTED", `${this.name}: reading was stopped`, { cause: this.#signal?.reason }),
        );
      if (this.#signal?.aborted) this.#abort();
      else this.#chunks.next().then(resolve, reject);
    });
  }
}

function joinBytes(parts: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
