import { CallsignError } from "../../errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** Reads a source from start to end, holding only what was asked for and not yet skipped. */
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

  /** After an abort of `signal` a pending read rejects with its reason. */
  constructor(source: ByteSource, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
    this.name = source.name;
    this.length = source.length;
    this.#chunks = source.chunks[Symbol.asyncIterator]();
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
  }

  /** Byte of the source that comes next. */
  get position(): number {
    return this.#position;
  }

  /** Makes `wanted` bytes available, fewer only at the end, and returns all that are; nothing is skipped. */
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

  /** Drops up to `count` bytes, fewer only at the end, and returns how many there were. */
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

  /** What has not been skipped, chunk by chunk; the reader is not to be used beside it. */
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
    // Not awaited: a generator that waits for a silent pipe would only end with it.
    if (!this.#ended) this.#chunks.return?.().catch(() => undefined);
    this.#ended = true;
  }

  readonly #onAbort = (): void => this.#abort?.();

  /** The next chunk that is not empty. */
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

  /** One listener serves all waits: a promise raced with each chunk would keep every chunk. */
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
