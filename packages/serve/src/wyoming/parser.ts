import { CallsignError } from "@callsign/audio/internal";

/** Event of the Wyoming protocol, version 1. */
export interface WyomingEvent {
  readonly type: string;
  /** Data of the header, merged with the data after it. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly payload: Uint8Array;
}

/**
 * Incremental parser of events: a line of JSON `{ type, data?, data_length?, payload_length? }`, followed by `data_length` bytes
 * of JSON and `payload_length` bytes of payload. Lengths are limited to `maxBytes`, and memory is allocated for received bytes
 * only. A parser cannot be used after an error.
 */
export class WyomingParser {
  readonly #maxBytes: number;
  /** Received parts of the current header or body. */
  #pieces: Buffer[] = [];
  #length = 0;
  /** Header of the current event, once it is complete. */
  #header: Header | undefined;

  constructor({ maxBytes }: { readonly maxBytes: number }) {
    this.#maxBytes = maxBytes;
  }

  /** Yields the events completed by `bytes`. @throws CallsignError `PROTOCOL_INVALID` */
  *push(bytes: Buffer): Generator<WyomingEvent, void, undefined> {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#header === undefined) rest = this.#readHeader(rest);
      else rest = this.#collect(rest, this.#header.bodyBytes);
      if (this.#header !== undefined && this.#length === this.#header.bodyBytes)
        yield this.#complete(this.#header);
    }
  }

  #readHeader(bytes: Buffer): Buffer {
    const end = bytes.indexOf(NEWLINE);
    if (this.#length + (end < 0 ? bytes.length : end) > MAX_HEADER_BYTES)
      throw invalid(`a header of more than ${MAX_HEADER_BYTES} bytes without a line's end`);
    if (end < 0) return this.#collect(bytes, Infinity);
    this.#collect(bytes.subarray(0, end), Infinity);
    const line = this.#take();
    this.#header = parseHeader(line, this.#maxBytes);
    return bytes.subarray(end + 1);
  }

  /** Collects bytes up to a total of `upTo` and returns the rest. */
  #collect(bytes: Buffer, upTo: number): Buffer {
    const count = Math.min(bytes.length, upTo - this.#length);
    if (count > 0) this.#pieces.push(bytes.subarray(0, count));
    this.#length += count;
    return bytes.subarray(count);
  }

  /** Returns the collected bytes and starts a new collection. */
  #take(): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    return all;
  }

  #complete({ type, data, dataBytes }: Header): WyomingEvent {
    const body = this.#take();
    this.#header = undefined;
    const more = dataBytes === 0 ? {} : parseObject(body.subarray(0, dataBytes), "data");
    return { type, data: { ...data, ...more }, payload: body.subarray(dataBytes) };
  }
}

/** Encodes an event. The data follows the header, as in the reference implementation. */
export function encodeWyomingEvent(
  type: string,
  data: Readonly<Record<string, unknown>> = {},
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const body = Object.keys(data).length === 0 ? Buffer.alloc(0) : Buffer.from(JSON.stringify(data));
  const header = {
    type,
    version: WYOMING_VERSION,
    ...(body.length > 0 && { data_length: body.length }),
    ...(payload.length > 0 && { payload_length: payload.length }),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body, payload]);
}

/** Version of the Python package wyoming whose events are implemented. */
const WYOMING_VERSION = "1.5.0";

const NEWLINE = 10;
const MAX_HEADER_BYTES = 64 * 1024;

interface Header {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly dataBytes: number;
  readonly bodyBytes: number;
}

function parseHeader(line: Buffer, maxBytes: number): Header {
  const header = parseObject(line, "header");
  const { type, data } = header;
  if (typeof type !== "string" || type === "") throw invalid("a header without a type");
  if (data !== undefined && data !== null && !isObject(data))
    throw invalid(`header ${JSON.stringify(type.slice(0, 100))}: data is no object`);
  const length = (name: "data_length" | "payload_length"): number => {
    const value = header[name] ?? 0;
    if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= maxBytes)
      return value as number;
    throw invalid(
      `header ${JSON.stringify(type.slice(0, 100))}: expected ${name} as an integer 0 to ${maxBytes}, ` +
        `got ${JSON.stringify(value).slice(0, 100)}`,
    );
  };
  const dataBytes = length("data_length");
  return {
    type,
    data: isObject(data) ? data : {},
    dataBytes,
    bodyBytes: dataBytes + length("payload_length"),
  };
}

function parseObject(bytes: Buffer, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new CallsignError(
      "PROTOCOL_INVALID",
      `wyoming: ${name} is not JSON: ${(cause as Error).message.slice(0, 200)}`,
      {
        cause,
      },
    );
  }
  if (isObject(value)) return value;
  throw invalid(`${name} is JSON, but no object`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const invalid = (message: string): CallsignError =>
  new CallsignError("PROTOCOL_INVALID", `wyoming: ${message}`);
