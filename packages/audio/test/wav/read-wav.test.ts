import { describe, expect, it } from "vitest";
import { readWav, toMagnitudes } from "@callsign/audio/internal";
import { fixture } from "../support/fixture.ts";
import { refusal } from "../../../../test-support/refusal.ts";
import { ascii, bytesOf, joinBytes, uint32, wavBytes } from "../wav-bytes.ts";

const name = "clip.wav";
const three = bytesOf(Int16Array.of(1, -2, 3));

describe("readWav: sample formats", () => {
  // Written by SoX 14.4.2 from 32-bit steps of 2^24 in three channels (fixtures/audio/make.sh): the mean of each
  // frame's k is worth k * 256 in int16 magnitudes, whatever the format. 24 bits and floats are WAVE_FORMAT_EXTENSIBLE.
  const expected = [
    [-128, 127, 0],
    [1, -1, 64],
    [5, 6, 7],
    [-90, 33, 100],
    [127, 127, 127],
  ].map((ks) => (256 * ks.reduce((sum, k) => sum + k, 0)) / 3);

  it.each(["u8", "s16", "s24", "s32", "f32", "f64", "piped"])(
    "reads SoX's %s in three channels",
    (format) => {
      const { samples, sampleRateHz } = readWav(fixture(`steps-${format}.wav`));
      expect(sampleRateHz).toBe(11_025);
      expect(toMagnitudes(samples)).toBeAllClose(expected, { rtol: 1e-7 });
    },
  );

  it("reads 16 bits as they are", () => {
    const data = bytesOf(Int16Array.of(0, 1, -1, 32_767, -32_768));
    expect([...toMagnitudes(readWav(wavBytes({ data })).samples)]).toEqual([0, 1, -1, 32_767, -32_768]);
  });

  it("reads 8 bits as unsigned", () => {
    const data = Uint8Array.of(0, 1, 127, 128, 129, 255);
    expect([...toMagnitudes(readWav(wavBytes({ bits: 8, data })).samples)]).toEqual([
      -32_768, -32_512, -256, 0, 256, 32_512,
    ]);
  });

  it("reads the low bytes of 24 and 32 bits", () => {
    const data24 = Uint8Array.of(0xff, 0xff, 0x7f, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0xff, 0xff, 0xff);
    const exact24 = [8_388_607, -8_388_608, 1, -1].map((value) => value / 256);
    expect([...toMagnitudes(readWav(wavBytes({ bits: 24, data: data24 })).samples)]).toEqual(exact24);
    const data32 = bytesOf(Int32Array.of(2 ** 31 - 128, -(2 ** 31), 1, -1));
    const exact32 = [2 ** 31 - 128, -(2 ** 31), 1, -1].map((value) => value / 65_536);
    expect([...toMagnitudes(readWav(wavBytes({ bits: 32, data: data32 })).samples)]).toEqual(exact32);
  });

  it.each([32, 64])("clips floats of %i bits above full scale, and notes it once", (bits) => {
    const values = [0.5, -1, 1.25, -8213, ...Array.from({ length: 20_000 }, () => 2)];
    const data = bytesOf(bits === 32 ? Float32Array.from(values) : Float64Array.from(values));
    const notes: string[] = [];
    const { samples } = readWav(wavBytes({ tag: 3, bits, data }), {
      name,
      onNote: ({ code, message }) => notes.push(`${code} ${message}`),
    });
    expect([...samples.subarray(0, 5)]).toEqual([0.5, -1, 1, -1, 1]);
    expect(notes).toEqual([
      "clipped clip.wav: float samples above full scale (-1..1) were clipped; int16 magnitudes belong in a WAV file of integers",
    ]);
  });

  it("reads 12 bits at the top of 16", () => {
    const data = bytesOf(Int16Array.of(0x7ff0, -0x8000));
    expect([...toMagnitudes(readWav(wavBytes({ bits: 12, data })).samples)]).toEqual([0x7ff0, -0x8000]);
  });

  it("mixes any number of channels by their mean", () => {
    for (const channels of [1, 2, 5, 8, 1000, 30_000]) {
      const values = Int16Array.from({ length: 3 * channels }, (_, i) => ((i * 7919) % 65_536) - 32_768);
      const means = [0, 1, 2].map(
        (f) => values.subarray(f * channels, (f + 1) * channels).reduce((a, b) => a + b, 0) / channels,
      );
      expect(toMagnitudes(readWav(wavBytes({ channels, data: bytesOf(values) })).samples)).toBeAllClose(
        means,
        {
          rtol: 1e-7,
        },
      );
    }
  });

  it("reads one sample, and any rate", () => {
    for (const sampleRateHz of [1, 16_000, 4_294_967_295]) {
      const audio = readWav(wavBytes({ sampleRateHz, data: bytesOf(Int16Array.of(-5)) }));
      expect(audio).toEqual({ samples: Float32Array.of(-5 / 32_768), sampleRateHz });
    }
  });
});

describe("readWav: containers", () => {
  it("skips unknown chunks, odd ones with their padding", () => {
    const bytes = wavBytes({
      before: [["JUNK", new Uint8Array(28)]],
      between: [
        ["LIST", ascii("odd")],
        ["\u0000\u0000\u0000\u0000", new Uint8Array(0)],
      ],
      data: three,
      after: joinBytes([ascii("id3 "), uint32(2), ascii("xx")]),
    });
    expect([...toMagnitudes(readWav(bytes).samples)]).toEqual([1, -2, 3]);
  });

  it("does not need the padding after the last byte", () => {
    const data = Uint8Array.of(128, 129, 130);
    expect(toMagnitudes(readWav(wavBytes({ bits: 8, data }).subarray(0, -1)).samples)).toHaveLength(3);
  });

  it.each(["RF64", "BW64"] as const)("takes %s lengths from ds64", (magic) => {
    const ds64 = joinBytes([uint32(100), uint32(0), uint32(6), uint32(0), uint32(3), uint32(0), uint32(0)]);
    const fields = {
      magic,
      before: [["ds64", ds64]] as const,
      data: three,
      dataLength: 0xffffffff,
      riffLength: 0xffffffff,
    };
    const bytes = wavBytes({ ...fields, after: ascii("trailing") });
    expect([...toMagnitudes(readWav(bytes).samples)]).toEqual([1, -2, 3]);
  });

  it.each([
    ["0xFFFFFFFF", 0xffffffff, 0xffffffff],
    ["SoX's 0x7FFFF000", 0x7ffff000, 0x7ffff024],
    ["0 in a header never completed", 0, 0],
    ["0 in a header of its own length", 0, 36],
  ])("reads to the end where a stream's writer left %s", (_, dataLength, riffLength) => {
    const bytes = wavBytes({ data: three, dataLength, riffLength });
    expect([...toMagnitudes(readWav(bytes).samples)]).toEqual([1, -2, 3]);
    // Cut within a frame, as a stream may be.
    expect([...toMagnitudes(readWav(bytes.subarray(0, -1)).samples)]).toEqual([1, -2]);
  });

  it("reads bytes that begin anywhere in their buffer", () => {
    const bytes = wavBytes({ data: three });
    const shifted = joinBytes([Uint8Array.of(9), bytes]).subarray(1);
    expect([...toMagnitudes(readWav(shifted).samples)]).toEqual([1, -2, 3]);
  });
});

describe("readWav: headers that are wrong", () => {
  const read = (bytes: Uint8Array): { samples: number[]; notes: string[] } => {
    const notes: string[] = [];
    const { samples } = readWav(bytes, {
      name,
      onNote: ({ code, message }) => notes.push(`${code} ${message}`),
    });
    return { samples: [...toMagnitudes(samples)], notes };
  };

  it.each([
    ["arecord's 0x80000000", 0x80000000, "header"],
    ["0x7FFFFFFF", 0x7fffffff, "header"],
    ["0xFFFFFFF0", 0xfffffff0, "header"],
    ["44 too large, the header counted", 50, "truncated"],
    ["one frame too large, cut off", 8, "truncated"],
  ])("reads what is there where the length is %s", (_, dataLength, code) => {
    expect(read(wavBytes({ data: three, dataLength }))).toEqual({
      samples: [1, -2, 3],
      notes: [
        `${code} ${name}: the data chunk at byte 36 claims ${dataLength} bytes, the file has 6; all of them were read`,
      ],
    });
  });

  it("reads RF64 whose long length is nonsense", () => {
    const ds64 = ["ds64", new Uint8Array(28).fill(0x3f)] as const;
    const { samples, notes } = read(
      wavBytes({ magic: "RF64", before: [ds64], data: three, dataLength: 0xffffffff }),
    );
    expect(samples).toEqual([1, -2, 3]);
    expect(notes).toHaveLength(1);
  });

  it("leaves out half a frame", () => {
    const { samples, notes } = read(wavBytes({ data: three, channels: 2 }));
    expect(samples).toEqual([-0.5]);
    expect(notes).toEqual([
      `truncated ${name}: the last frame of the data chunk at byte 36 has 2 of 4 bytes`,
    ]);
  });

  it("finds chunks after one of odd length whose padding was forgotten", () => {
    const odd = joinBytes([ascii("LIST"), uint32(3), ascii("odd")]);
    const data = joinBytes([ascii("data"), uint32(6), three]);
    const whole = wavBytes({ data: three });
    for (const padding of [0, 1])
      expect(read(joinBytes([whole.subarray(0, 36), odd, new Uint8Array(padding), data]))).toEqual({
        samples: [1, -2, 3],
        notes: [],
      });
  });

  it("reads every data chunk, and nothing else behind the first", () => {
    const list = joinBytes([ascii("LIST"), uint32(4), ascii("INFO")]);
    const more = joinBytes([ascii("data"), uint32(4), bytesOf(Int16Array.of(4, 5))]);
    for (const junk of [new Uint8Array(0), new Uint8Array(99), Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 7, 8)])
      expect(read(wavBytes({ data: three, after: joinBytes([list, more, junk]) })).samples).toEqual([
        1, -2, 3, 4, 5,
      ]);
    const bytes = Uint8Array.of(128, 129, 130);
    const odd = wavBytes({
      bits: 8,
      data: bytes,
      after: joinBytes([ascii("data"), uint32(1), Uint8Array.of(131)]),
    });
    expect(read(odd).samples).toEqual([0, 256, 512, 768]);
  });
});

describe("readWav: bad input", () => {
  const whole = wavBytes({ data: three });
  const nan = bytesOf(Float32Array.of(0, 0.5, NaN, 0));

  it.each([
    ["no bytes", new Uint8Array(0), "AUDIO_EMPTY", "got 0 bytes"],
    [
      "no samples",
      wavBytes({ data: new Uint8Array(0) }),
      "AUDIO_EMPTY",
      "no samples after the header's 44 bytes",
    ],
    [
      "empty data before another chunk",
      wavBytes({ data: new Uint8Array(0), after: joinBytes([ascii("LIST"), uint32(2), ascii("xx")]) }),
      "AUDIO_EMPTY",
      "no samples after the header's 44 bytes",
    ],
    [
      "a stream of no samples",
      wavBytes({ data: new Uint8Array(0), dataLength: 0xffffffff }),
      "AUDIO_EMPTY",
      "44 bytes",
    ],
    ["not a WAV", ascii("<!DOCTYPE html><html>"), "AUDIO_INVALID", `got "<!DO" and "E ht"`],
    ["RIFF of another kind", joinBytes([ascii("RIFF"), uint32(4), ascii("AVI ")]), "AUDIO_INVALID", `"AVI "`],
    ["half a header", whole.subarray(0, 9), "AUDIO_TRUNCATED", "the file has 9"],
    [
      "a lying chunk",
      wavBytes({ data: three, before: [["LIST", ascii("xxxx")]] }).with(17, 255),
      "AUDIO_TRUNCATED",
      `"LIST" at byte 12 claims`,
    ],
    ["no data chunk", whole.subarray(0, 36), "AUDIO_INVALID", "no data chunk in 36 bytes"],
    [
      "data before format",
      joinBytes([ascii("RIFF"), uint32(0), ascii("WAVEdata"), uint32(2), Uint8Array.of(1, 2)]),
      "AUDIO_INVALID",
      "before any format chunk",
    ],
    [
      "0 Hz",
      wavBytes({ data: three, sampleRateHz: 0 }),
      "AUDIO_INVALID",
      "format chunk at byte 12: a sample rate of 0 Hz",
    ],
    ["0 channels", wavBytes({ data: three, channels: 0 }), "AUDIO_INVALID", "0 channels"],
    ["0 bits", wavBytes({ data: three, bits: 0 }), "AUDIO_INVALID", "0-bit int"],
    ["40 bits", wavBytes({ data: three, bits: 40 }), "AUDIO_INVALID", "40-bit int"],
    ["16-bit float", wavBytes({ data: three, tag: 3 }), "AUDIO_INVALID", "16-bit float"],
    [
      "frames that do not add up",
      wavBytes({ data: three, frameBytes: 4 }),
      "AUDIO_INVALID",
      "expected 2 bytes per frame (1 x 16 bits), got 4",
    ],
    ["mu-law", wavBytes({ data: three, tag: 7, bits: 8 }), "AUDIO_UNSUPPORTED", "mu-law (7)"],
    ["an unknown codec", wavBytes({ data: three, tag: 0x1234 }), "AUDIO_UNSUPPORTED", "0x1234"],
    ["short extensible", wavBytes({ data: three, tag: 0xfffe }), "AUDIO_INVALID", "needs 40 bytes, got 16"],
    ["an unknown sub-format", fixture("steps-s24.wav").with(50, 1), "AUDIO_INVALID", "unknown sub-format"],
    ["big-endian", wavBytes({ data: three, magic: "RIFX" }), "AUDIO_INVALID", "RIFX"],
    ["NaN", wavBytes({ data: nan, tag: 3, bits: 32 }), "AUDIO_NOT_FINITE", "got NaN at byte 52"],
    [
      "infinity",
      wavBytes({ data: bytesOf(Float64Array.of(-Infinity)), tag: 3, bits: 64 }),
      "AUDIO_NOT_FINITE",
      "got -Infinity",
    ],
    [
      "floats beyond float32",
      wavBytes({ data: bytesOf(Float64Array.of(1e300)), tag: 3, bits: 64 }),
      "AUDIO_NOT_FINITE",
      "at byte 44",
    ],
    [
      "chunks without end",
      joinBytes([ascii("RIFF"), uint32(0), ascii("WAVE"), new Uint8Array(80_000)]),
      "AUDIO_INVALID",
      "no data chunk in",
    ],
  ] as const)("refuses %s", (_, bytes, code, text) => {
    const read = (): unknown => readWav(bytes, { name });
    expect(read).toThrow(refusal(code, text));
    expect(read).toThrow(refusal(code, `${name}: `));
  });
});
