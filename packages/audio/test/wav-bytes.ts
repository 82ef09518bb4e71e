/** Fields of a WAV file to be written by hand, from the format's definition. */
export interface WavFields {
  readonly tag?: number;
  readonly channels?: number;
  readonly sampleRateHz?: number;
  readonly bits?: number;
  /** Bytes per frame; from channels and bits where left out. */
  readonly frameBytes?: number;
  readonly data: Uint8Array;
  /** What the data chunk claims; the truth where left out. */
  readonly dataLength?: number;
  readonly riffLength?: number;
  readonly magic?: "RIFF" | "RF64" | "BW64" | "RIFX";
  /** Chunks before the format chunk: id and body. */
  readonly before?: readonly (readonly [string, Uint8Array])[];
  /** Chunks between format and data. */
  readonly between?: readonly (readonly [string, Uint8Array])[];
  readonly after?: Uint8Array;
}

export function wavBytes(fields: WavFields): Uint8Array {
  const { tag = 1, channels = 1, sampleRateHz = 16_000, bits = 16, data, before = [], between = [] } = fields;
  const frameBytes = fields.frameBytes ?? channels * Math.ceil(bits / 8);
  const format = new Uint8Array(16);
  const view = new DataView(format.buffer);
  view.setUint16(0, tag, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, sampleRateHz, true);
  view.setUint32(8, sampleRateHz * frameBytes, true);
  view.setUint16(12, frameBytes, true);
  view.setUint16(14, bits, true);
  const chunks = [
    ...before.map(([id, body]) => chunk(id, body)),
    chunk("fmt ", format),
    ...between.map(([id, body]) => chunk(id, body)),
    chunk("data", data, fields.dataLength),
    fields.after ?? new Uint8Array(0),
  ];
  const body = joinBytes([ascii("WAVE"), ...chunks]);
  return joinBytes([ascii(fields.magic ?? "RIFF"), uint32(fields.riffLength ?? body.length), body]);
}

function chunk(id: string, body: Uint8Array, length = body.length): Uint8Array {
  return joinBytes([ascii(id), uint32(length), body, new Uint8Array(body.length % 2)]);
}

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

export const uint32 = (value: number): Uint8Array =>
  Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Bytes of any typed array, little-endian as the machines that run these tests. */
export const bytesOf = (values: Int16Array | Int32Array | Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
