import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { CallsignError } from "@callsign/audio/internal";

/** Deepest nesting, far above that of real models; the protobuf library stops at 100. */
const MAX_DEPTH = 90;
/** Most messages, strings and variable-length numbers in a file; bounded since each becomes an object. */
const MAX_ITEMS = 1_000_000;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * Validates protobuf bytes without building objects: lengths do not exceed their parent's, known fields have their wire type,
 * nesting and counts are bounded. The protobuf library checks less (a child may overrun its parent) and reports no position.
 * @throws CallsignError `MODEL_INVALID` naming the byte and the path of fields
 */
export function checkWire(
  bytes: Uint8Array,
  options: { readonly name: string; readonly schema: DescMessage },
): void {
  const walk = new WireWalk(bytes, options.name);
  walk.message(options.schema, bytes.length);
}

class WireWalk {
  private position = 0;
  private items = 0;
  private readonly path: string[] = [];
  private readonly bytes: Uint8Array;
  private readonly name: string;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.name = name;
  }

  message(schema: DescMessage, end: number): void {
    if (this.path.length > MAX_DEPTH) this.fail(`messages nested deeper than ${MAX_DEPTH}`);
    const fields = fieldsOf(schema);
    while (this.position < end) {
      const tag = this.varint(end);
      if (tag < 8 || tag > 0xffffffff) this.fail(`illegal field tag ${tag}`);
      const field = fields.get(Math.floor(tag / 8));
      this.path.push(field?.name ?? `field ${Math.floor(tag / 8)}`);
      this.field(field, { wireType: tag % 8, end });
      this.path.pop();
    }
  }

  private field(field: DescField | undefined, place: { wireType: number; end: number }): void {
    this.count();
    const { wireType, end } = place;
    const scalar = field === undefined ? wireType : scalarWireType(field);
    const packed =
      wireType === LENGTH_DELIMITED && scalar !== LENGTH_DELIMITED && field?.fieldKind === "list";
    if (wireType !== scalar && !packed) this.fail(`wire type ${wireType}, expected ${scalar}`);
    if (wireType === VARINT) this.varint(end);
    else if (wireType === FIXED64) this.skip(8, end);
    else if (wireType === FIXED32) this.skip(4, end);
    else if (wireType === LENGTH_DELIMITED)
      this.delimited(field, { end, packedAs: packed ? scalar : undefined });
    else this.fail(`wire type ${wireType} is not used by ONNX`);
  }

  private delimited(
    field: DescField | undefined,
    place: { end: number; packedAs: number | undefined },
  ): void {
    const length = this.varint(place.end);
    const start = this.position;
    this.skip(length, place.end);
    if (place.packedAs === FIXED32 || place.packedAs === FIXED64) {
      const width = place.packedAs === FIXED32 ? 4 : 8;
      if (length % width !== 0)
        this.fail(`${length} bytes of packed numbers, expected a multiple of ${width}`);
    } else if (place.packedAs === VARINT) {
      this.position = start;
      for (; this.position < start + length; this.count()) this.varint(start + length);
    } else if (field?.message !== undefined) {
      this.position = start;
      this.message(field.message, start + length);
    }
  }

  /** Value of a varint, exact to 2^53, which suffices for lengths and tags; other values are not used. */
  private varint(end: number): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (this.position >= end) this.fail("the data end inside a number; the file is truncated or not ONNX");
      const byte = this.bytes[this.position++]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    return this.fail("a number longer than 10 bytes");
  }

  private skip(length: number, end: number): void {
    if (length > end - this.position) {
      this.fail(`${length} bytes declared, ${end - this.position} left; the file is truncated or not ONNX`);
    }
    this.position += length;
  }

  private count(): void {
    if (++this.items > MAX_ITEMS) this.fail(`more than ${MAX_ITEMS} messages, strings and numbers`);
  }

  private fail(reason: string): never {
    const path = this.path.length > 0 ? ` (${this.path.join(".")})` : "";
    throw new CallsignError(
      "MODEL_INVALID",
      `${this.name}: not an ONNX model: byte ${this.position}${path}: ${reason}`,
    );
  }
}

const fieldMaps = new Map<DescMessage, Map<number, DescField>>();

function fieldsOf(schema: DescMessage): Map<number, DescField> {
  let fields = fieldMaps.get(schema);
  if (fields === undefined) {
    fields = new Map(schema.fields.map((field) => [field.number, field]));
    fieldMaps.set(schema, fields);
  }
  return fields;
}

/** Wire type of a value of the field. ONNX uses neither maps nor groups. */
function scalarWireType(field: DescField): number {
  if (field.message !== undefined) return LENGTH_DELIMITED;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return LENGTH_DELIMITED;
    case ScalarType.DOUBLE:
      return FIXED64;
    case ScalarType.FLOAT:
      return FIXED32;
    default:
      return VARINT;
  }
}
