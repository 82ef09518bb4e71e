import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PCM_ENCODINGS, PcmDecoder } from "@callsign/infer";

/** The values -32768, -256, 0, 256 and 32512 (all encodings hold them) as bytes. */
const VALUES = [-32768, -256, 0, 256, 32512];
const BYTES = {
  u8: VALUES.map((value) => value / 256 + 128),
  s16le: [...new Uint8Array(Int16Array.from(VALUES).buffer)],
  s24le: VALUES.flatMap((value) => [0, value & 255, (value >> 8) & 255]),
  s32le: [...new Uint8Array(Int32Array.from(VALUES, (value) => value * 65536).buffer)],
  f32le: [...new Uint8Array(Float32Array.from(VALUES, (value) => value / 32768).buffer)],
};

describe("PcmDecoder", () => {
  it.each(PCM_ENCODINGS)("reads %s", (encoding) => {
    expect([...new PcmDecoder({ encoding }).decode(Uint8Array.from(BYTES[encoding]))]).toEqual(VALUES);
  });

  it("keeps what int16 cannot hold", () => {
    expect([...new PcmDecoder({ encoding: "s24le" }).decode(Uint8Array.of(128, 1, 0))]).toEqual([1.5]);
  });

  it("mixes channels by their mean", () => {
    const bytes = new Uint8Array(Int16Array.of(100, 300, -50, 50).buffer);
    expect([...new PcmDecoder({ encoding: "s16le", channels: 2 }).decode(bytes)]).toEqual([200, 0]);
  });

  it("does not mind where the bytes are cut", () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 13 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        fc.constantFrom(...PCM_ENCODINGS),
        fc.integer({ min: 1, max: 3 }),
        cuts,
        (encoding, channels, sizes) => {
          const bytes = Uint8Array.from({ length: 97 }, (_, i) => (i * 37) % 61);
          const whole = new PcmDecoder({ encoding, channels }).decode(bytes);
          const decoder = new PcmDecoder({ encoding, channels });
          const parts: number[] = [];
          let at = 0;
          for (let i = 0; at < bytes.length; i++) {
            const size = sizes[i % sizes.length]! || 1;
            parts.push(...decoder.decode(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(parts).toEqual([...whole]);
        },
      ),
      { seed: 1 },
    );
  });

  it.each(PCM_ENCODINGS)("starts a frame anew after a reset, whatever it held: %s", (encoding) => {
    const bytes = Uint8Array.from(BYTES[encoding]);
    const fresh = new PcmDecoder({ encoding, channels: 5 }).decode(bytes);
    for (let rest = 1; rest < bytes.length; rest++) {
      const decoder = new PcmDecoder({ encoding, channels: 5 });
      decoder.decode(bytes.subarray(0, rest));
      decoder.reset();
      expect(decoder.pendingBytes).toBe(0);
      expect(decoder.decode(bytes)).toEqual(fresh);
    }
  });

  it("refuses what it does not know", () => {
    expect(() => new PcmDecoder({ encoding: "mulaw" as never })).toThrow(
      /encoding: expected one of u8, .*"mulaw"/,
    );
    expect(() => new PcmDecoder({ encoding: "u8", channels: 0 })).toThrow(
      /channels: expected an integer 1 to 64, got 0/,
    );
  });
});
