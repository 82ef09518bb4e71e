import { CallsignError } from "@callsign/audio/internal";

/** Bytes of one element, for every type the format defines in whole bytes (safetensors 0.6, `Dtype`) and we read. */
export const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type SafetensorsDtype = keyof typeof ELEMENT_BYTES;

/** Position of a tensor: `begin` and `end` are byte offsets in the file, not in the data section. */
export interface TensorEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The reference implementation's own limit on the header (`MAX_HEADER_SIZE`). */
export const MAX_HEADER_BYTES = 100_000_000;

/**
 * Bytes of the file up to the end of its header, from its first eight bytes; so a large file's header can be read
 * alone. @throws CallsignError `SAFETENSORS_INVALID`
 */
export function safetensorsHeaderEnd(
  head: Uint8Array,
  { name, fileLength }: { readonly name: string; readonly fileLength: number },
): number {
  if (head.length < 8)
    throw invalid(name, `expected an 8-byte header length at byte 0, the file has ${fileLength} bytes`);
  const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
  const available = fileLength - 8;
  if (length > MAX_HEADER_BYTES || length > available)
    throw invalid(
      name,
      `the header length at byte 0 is ${length}, expected at most ${Math.min(MAX_HEADER_BYTES, available)}`,
    );
  return 8 + Number(length);
}

/**
 * Reads and checks the header: `head` is the file's beginning, at least to the header's end. Every tensor's type, shape
 * and offsets agree, tensors follow each other without gap or overlap and fill the file exactly, no name comes twice.
 * @throws CallsignError `SAFETENSORS_INVALID`, with the tensor and the byte
 */
export function parseSafetensorsHeader(
  head: Uint8Array,
  { name, fileLength }: { readonly name: string; readonly fileLength: number },
): SafetensorsHeader {
  const dataBegin = safetensorsHeaderEnd(head, { name, fileLength });
  const json = head.subarray(8, dataBegin);
  const { metadata, entries } = parseJson(json, name);
  const places = keyPlaces(json, name);
  const tensors = entries.map(([tensor, entry]) => {
    const where = `${name}: tensor ${quote(tensor)} (header byte ${8 + (places.get(tensor) ?? 0)})`;
    return [tensor, parseEntry(entry, { where, dataBegin, fileLength })] as const;
  });
  tensors.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkContiguous(tensors, { name, dataBegin, fileLength });
  return { tensors: new Map(tensors), metadata };
}

interface HeaderJson {
  readonly metadata: Record<string, string>;
  readonly entries: readonly (readonly [string, unknown])[];
}

function parseJson(json: Uint8Array, name: string): HeaderJson {
  const place = `header (bytes 8 to ${8 + json.length})`;
  if (json[0] !== OPEN_BRACE)
    throw invalid(
      name,
      `expected { at byte 8, got ${json.length ? `byte 0x${json[0]!.toString(16)}` : "no header"}`,
    );
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (cause) {
    throw invalid(name, `${place} is not JSON: ${cut(String(cause))}`, cause);
  }
  if (!isObject(value)) throw invalid(name, `${place} is not a JSON object`);
  const entries = Object.entries(value).filter(([key]) => key !== "__metadata__");
  return {
    metadata: checkMetadata(Object.hasOwn(value, "__metadata__") ? value["__metadata__"] : {}, name),
    entries,
  };
}

function checkMetadata(metadata: unknown, name: string): Record<string, string> {
  if (!isObject(metadata)) throw invalid(name, "__metadata__ is not an object of strings");
  const bad = Object.entries(metadata).find(([, value]) => typeof value !== "string");
  if (bad) throw invalid(name, `__metadata__ ${quote(bad[0])} is not a string`);
  return metadata as Record<string, string>;
}

interface EntryPlace {
  readonly where: string;
  readonly dataBegin: number;
  readonly fileLength: number;
}

function parseEntry(entry: unknown, { where, dataBegin, fileLength }: EntryPlace): TensorEntry {
  const fail = (message: string): CallsignError =>
    new CallsignError("SAFETENSORS_INVALID", `${where}: ${message}`);
  if (!isObject(entry)) throw fail("expected an object with dtype, shape, data_offsets");
  const { dtype, shape, data_offsets: offsets, ...rest } = entry;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw fail(`unknown key ${quote(unknown)}`);
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype))
    throw fail(`dtype ${brief(dtype)} is not one of ${Object.keys(ELEMENT_BYTES).join(", ")}`);
  if (!isLengthList(shape)) throw fail(`shape ${brief(shape)} is not a list of whole numbers from 0`);
  if (!isLengthList(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    throw fail(`data_offsets ${brief(offsets)} are not two rising byte positions`);
  const begin = dataBegin + offsets[0]!;
  const end = dataBegin + offsets[1]!;
  if (end > fileLength) throw fail(`ends at byte ${end}, the file has ${fileLength}`);
  const expected = shape.reduce(
    (product, length) => product * length,
    ELEMENT_BYTES[dtype as SafetensorsDtype],
  );
  if (expected !== end - begin)
    throw fail(
      `${dtype} ${brief(shape)} needs ${expected} bytes, data_offsets give ${end - begin} at byte ${begin}`,
    );
  return { dtype: dtype as SafetensorsDtype, shape, begin, end };
}

function checkContiguous(
  tensors: readonly (readonly [string, TensorEntry])[],
  { name, dataBegin, fileLength }: { name: string; dataBegin: number; fileLength: number },
): void {
  let position = dataBegin;
  for (const [tensor, { begin, end }] of tensors) {
    if (begin < position)
      throw invalid(
        name,
        `tensor ${quote(tensor)} begins at byte ${begin}, inside the tensor before it, which ends at ${position}`,
      );
    if (begin > position)
      throw invalid(name, `tensor ${quote(tensor)} begins at byte ${begin}, leaving a gap from ${position}`);
    position = end;
  }
  if (position !== fileLength)
    throw invalid(name, `the tensors end at byte ${position}, the file has ${fileLength}`);
}

/**
 * Byte place of each top-level key in JSON that is already known to parse. JSON.parse keeps the last of two equal keys
 * and says nothing, so they are found here, at every depth. @throws CallsignError `SAFETENSORS_INVALID`
 */
function keyPlaces(json: Uint8Array, name: string): Map<string, number> {
  const top = new Map<string, number>();
  const open: (Map<string, number> | undefined)[] = [];
  let keyNext = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (byte === OPEN_BRACE) open.push(open.length === 0 ? top : new Map());
    else if (byte === OPEN_BRACKET) open.push(undefined);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) open.pop();
    if (byte === OPEN_BRACE || byte === COMMA) keyNext = true;
    else if (byte === QUOTE) {
      const begin = i;
      for (i++; json[i] !== QUOTE; i++) if (json[i] === BACKSLASH) i++;
      const keys = open.at(-1);
      if (keyNext && keys !== undefined)
        addKey(keys, { literal: json.subarray(begin, i + 1), place: begin, name });
      keyNext = false;
    }
  }
  return top;
}

function addKey(
  keys: Map<string, number>,
  { literal, place, name }: { literal: Uint8Array; place: number; name: string },
): void {
  const key = JSON.parse(new TextDecoder().decode(literal)) as string;
  if (keys.has(key))
    throw invalid(name, `key ${quote(key)} comes twice, at bytes ${8 + keys.get(key)!} and ${8 + place}`);
  keys.set(key, place);
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isLengthList = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0);

const invalid = (name: string, message: string, cause?: unknown): CallsignError =>
  new CallsignError("SAFETENSORS_INVALID", `${name}: ${message}`, { cause });

const quote = (text: string): string => JSON.stringify(cut(text));
const brief = (value: unknown): string => cut(JSON.stringify(value) ?? "undefined");
const cut = (text: string): string => (text.length > 100 ? `${text.slice(0, 99)}…` : text);
