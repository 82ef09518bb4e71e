import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CallsignError, copySamples, fromInt16 } from "@callsign/audio/internal";
import { decodeAudio } from "@callsign/audio/node/internal";
import { fixture } from "../../support/fixture.ts";
import { flacBytes, flacParts } from "../../support/flac-bytes.ts";
import { sealOggPage, splitOggPages } from "../../support/ogg-pages.ts";
import { noise, seededRandom } from "../../../../../test-support/random.ts";
import { refusal } from "../../../../../test-support/refusal.ts";
import { ascii, joinBytes } from "../../wav-bytes.ts";

const MUTATIONS = 40;

// What ffmpeg makes of a file is its own affair.
beforeAll(() => void vi.stubEnv("PATH", ""));
afterAll(() => void vi.unstubAllEnvs());

/** A file with the byte there changed. */
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, bytes[at]! ^ 0x10);
const refused = (bytes: Uint8Array, code: Parameters<typeof refusal>[0], text: string): Promise<void> =>
  expect(decodeAudio(bytes, { name: "clip" })).rejects.toEqual(refusal(code, text));

/** The samples, and the notes without the name of the file. */
async function read(bytes: Uint8Array): Promise<{ samples: Float32Array; notes: string[] }> {
  const notes: string[] = [];
  const onNote = ({ code, message }: { code: string; message: string }): void => {
    expect(message).toMatch(/^clip: /);
    notes.push(message.replace("clip", code));
  };
  const { samples } = await decodeAudio(bytes, { name: "clip", onNote });
  return { samples, notes };
}

const id3v2 = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 3, 1, 2, 3);
const id3v1 = joinBytes([ascii("TAG"), new Uint8Array(125).fill(0x20)]);
/** APEv2 of one item that begins with its header, and one that has only its footer. */
const item = joinBytes([Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), ascii("k\0v")]);
const apeMark = (isHeader: boolean): Uint8Array =>
  joinBytes([
    ascii("APETAGEX"),
    Uint8Array.of(0xd0, 7, 0, 0, item.length + 32, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, isHeader ? 0xa0 : 0),
    new Uint8Array(8),
  ]);
const apeTag = joinBytes([apeMark(true), item, apeMark(false)]);
const apeWithoutHeader = joinBytes([item, apeMark(false)]);

describe("what surrounds the audio", () => {
  it.each(["flac", "oga", "ogg", "opus", "mp3"])("%s: tags and padding change nothing", async (extension) => {
    const bytes = fixture(`tone.${extension}`);
    const { samples } = await decodeAudio(bytes);
    const padding = new Uint8Array(5003);
    for (const parts of [
      [id3v2, bytes, id3v1],
      [id3v2, padding, bytes],
      [padding, bytes, padding],
      [apeTag, bytes, apeTag, id3v1],
      [bytes, apeWithoutHeader, id3v1],
    ])
      expect(await read(joinBytes(parts))).toEqual({ samples, notes: [] });
  });

  it.each(["flac", "oga", "ogg", "opus", "mp3"])(
    "%s: files strung together are all read",
    async (extension) => {
      const bytes = fixture(`tone.${extension}`);
      const { samples } = await decodeAudio(bytes);
      const twice = await read(joinBytes([bytes, bytes]));
      expect(twice.notes).toEqual([]);
      expect(twice.samples).toHaveLength(2 * samples.length);
    },
  );

  it.each(["flac", "oga", "ogg", "opus", "mp3"])(
    "%s: junk in front is skipped and noted",
    async (extension) => {
      const bytes = fixture(`tone.${extension}`);
      const { samples, notes } = await read(joinBytes([ascii("junk ".repeat(500)), bytes]));
      expect(samples).toEqual((await decodeAudio(bytes)).samples);
      expect(notes).toEqual(["damaged: damaged at byte 0; 2500 bytes could not be decoded and were skipped"]);
    },
  );
});

describe("damaged FLAC", () => {
  const flac = fixture("tone.flac");
  const pcm = Int16Array.from(noise(1000, { seed: 5, peak: 9000 }));
  const parts = flacParts({ blockSize: 256, samples: pcm });
  const exact = fromInt16(pcm);

  it("loses only the frames that are damaged", async () => {
    const [head, first, second, third, fourth] = parts as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const without = async (changed: Uint8Array): Promise<string[]> => {
      const { samples, notes } = await read(joinBytes([head, first, changed, third, fourth]));
      expect(samples).toEqual(joinSamples(exact.subarray(0, 256), exact.subarray(512)));
      return notes;
    };
    const promise = "truncated: the FLAC header promises 1000 samples, 744 were decoded";
    const damaged = (count: number): string =>
      `damaged: damaged at byte ${head.length + first.length}; ${count} bytes could not be decoded and were skipped`;
    // In its samples, in its header, cut, and made zeros as a lost disk block is.
    expect(await without(flip(second, 100))).toEqual([promise, damaged(second.length)]);
    expect(await without(flip(second, 1))).toEqual([promise, damaged(second.length)]);
    expect(await without(second.subarray(0, -99))).toEqual([promise, damaged(second.length - 99)]);
    expect(await without(second.slice().fill(0))).toEqual([
      promise,
      expect.stringContaining("damaged: damaged at byte"),
    ]);
    expect(await without(new Uint8Array(0))).toEqual([promise]);
  });

  it("is read up to where it is cut, and from there on", async () => {
    const whole = joinBytes(parts);
    const end = await read(whole.subarray(0, -7));
    expect(end.samples).toEqual(exact.subarray(0, 768));
    expect(end.notes[0]).toBe("truncated: the FLAC header promises 1000 samples, 768 were decoded");
    // These frames state no rate, as those of encoders do.
    const start = flac.subarray(30);
    await refused(whole.subarray(60), "AUDIO_INVALID", "no audio could be decoded");
    expect((await read(start)).samples).toEqual((await decodeAudio(flac)).samples);
  });

  it("is refused where nothing is left", async () => {
    await refused(flip(flac, 500), "AUDIO_INVALID", "no audio could be decoded: damaged at byte");
    await refused(flac.subarray(0, 30), "AUDIO_TRUNCATED", "ends in FLAC metadata, at byte 30");
    await refused(parts[0]!, "AUDIO_EMPTY", "no samples");
    await refused(
      flac
        .with(18, 0)
        .with(19, 0)
        .with(20, flac[20]! & 15),
      "AUDIO_INVALID",
      "a sample rate of 0 Hz",
    );
  });

  it("may promise another number of samples", async () => {
    const { samples, notes } = await read(flacBytes({ blockSize: 256, samples: pcm, totalSamples: 900 }));
    expect(samples).toEqual(exact);
    expect(notes).toEqual(["header: the FLAC header promises 900 samples, 1000 were decoded"]);
  });
});

describe("damaged Ogg", () => {
  it.each(["ogg", "opus", "oga"])("%s: damage and cuts are noted", async (extension) => {
    const bytes = fixture(`tone.${extension}`);
    const pages = splitOggPages(bytes);
    const last = pages.at(-1)!;
    const byte = bytes.length - last.length;
    // The only audio is on the last page.
    await refused(
      flip(bytes, bytes.length - 5),
      "AUDIO_INVALID",
      `no audio could be decoded: damaged at byte ${byte}`,
    );
    await refused(bytes.subarray(0, byte), "AUDIO_TRUNCATED", "no page that is marked as its last");
    // A page that is missing in the middle of a file, here before its second stream.
    const missing = await read(joinBytes([bytes, ...pages.slice(0, -1), flip(last, 40), bytes]));
    expect(missing.samples.length).toBe(2 * (await decodeAudio(bytes)).samples.length);
    expect(missing.notes.join("\n")).toContain("damaged at byte");
  });

  it("opus: packets in front of a cut are read", async () => {
    const bytes = fixture("tone.opus");
    const { samples, notes } = await read(bytes.subarray(0, -3));
    expect(samples.length).toBeGreaterThan(400);
    expect(samples.length).toBeLessThan(800);
    expect(notes[0]).toMatch(/truncated: the file ends within the Ogg page at byte \d+/);
  });

  it.each(["ogg", "opus", "oga"])("%s without its end flag has its length still", async (extension) => {
    const pages = splitOggPages(fixture(`tone.${extension}`));
    const last = pages.at(-1)!;
    const { samples, notes } = await read(
      joinBytes([...pages.slice(0, -1), sealOggPage(last.with(5, last[5]! & ~4))]),
    );
    expect(samples).toEqual((await decodeAudio(joinBytes(pages))).samples);
    expect(notes).toEqual([
      expect.stringContaining("truncated: an Ogg stream has no page that is marked as its last"),
    ]);
  });

  it("reads streams of other codecs and rates one after another", async () => {
    const files = ["ogg", "opus", "oga"].map((extension) => fixture(`tone.${extension}`));
    const { samples, notes } = await read(joinBytes(files));
    expect(samples).toHaveLength(2400);
    expect(notes).toEqual([]);
  });

  it.each([
    ["opus", 36, 9, 0, "OpusHead at byte 0: 0 channels"],
    ["opus", 37, 9, 3, "3 channels in mapping family 0"],
    ["ogg", 40, 11, 0, "0 channels"],
  ])("%s header (byte %i)", async (extension, _, field, value, text) => {
    const pages = splitOggPages(fixture(`tone.${extension}`));
    pages[0] = sealOggPage(pages[0]!.with(28 + field, value));
    await refused(joinBytes(pages), "AUDIO_INVALID", text);
  });

  it("refuses a rate of 0, a codec it does not know, and an absurd number of channels", async () => {
    const [head, ...rest] = splitOggPages(fixture("tone.ogg"));
    const sealed = (page: Uint8Array): Uint8Array => joinBytes([sealOggPage(page), ...rest]);
    await refused(sealed(head!.slice().fill(0, 28 + 12, 28 + 16)), "AUDIO_INVALID", "2 channels, 0 Hz");
    await refused(sealed(head!.with(28 + 11, 200)), "AUDIO_UNSUPPORTED", "200 Vorbis channels");
    await refused(sealed(head!.with(28, 0x53)), "AUDIO_UNSUPPORTED", 'got "Svorbis');
  });

  it("reads Opus whose comments go on over pages, as a cover picture makes them", async () => {
    const [head, tags, ...rest] = splitOggPages(fixture("tone.opus"));
    const comments = new Uint8Array(255 * 255 + 100);
    comments.set(tags!.subarray(27 + tags![26]!));
    // 255 full segments leave the packet open; the next page continues it (flag 1) with 100 bytes more.
    const first = joinBytes([
      tags!.slice(0, 26),
      Uint8Array.of(255),
      new Uint8Array(255).fill(255),
      comments.subarray(0, -100),
    ]);
    const second = joinBytes([tags!.slice(0, 26), Uint8Array.of(1, 100), comments.subarray(-100)]).with(5, 1);
    const pages = [head!, first, second, ...rest].map((page, sequence) =>
      sealOggPage(page.with(18, sequence)),
    );
    expect(await decodeAudio(joinBytes(pages))).toEqual(await decodeAudio(fixture("tone.opus")));
  });

  it("applies the gain of an OpusHead", async () => {
    const pages = splitOggPages(fixture("tone.opus"));
    const plain = await decodeAudio(joinBytes(pages));
    // In 1/256 dB.
    pages[0] = sealOggPage(pages[0]!.with(28 + 16, -1541 & 255).with(28 + 17, (-1541 >> 8) & 255));
    const { samples } = await decodeAudio(joinBytes(pages));
    expect(samples).toBeAllClose(
      plain.samples.map((sample) => sample * 10 ** (-1541 / 256 / 20)),
      { rtol: 1e-5, atol: 3e-8 },
    );
  });

  it("clips what is louder than full scale, as players do, so that a detector takes it", async () => {
    const pages = splitOggPages(fixture("tone.opus"));
    // 60 dB.
    pages[0] = sealOggPage(pages[0]!.with(28 + 16, 0).with(28 + 17, 60));
    const { samples } = await decodeAudio(joinBytes(pages), { sampleRateHz: 48_000 });
    expect(samples.filter((sample) => Math.abs(sample) === 1).length).toBeGreaterThan(1000);
    expect(() => copySamples(samples, { name: "loud" })).not.toThrow();
  });
});

describe("damaged MP3", () => {
  const mp3 = fixture("tone.mp3");

  it("skips junk between frames and what is cut at either end", async () => {
    const { samples } = await decodeAudio(mp3);
    const junk = await read(joinBytes([mp3, ascii("junk ".repeat(10)), mp3]));
    expect(junk.samples).toHaveLength(2 * samples.length);
    expect(junk.notes).toEqual([
      `damaged: damaged at byte ${mp3.length}; 50 bytes could not be decoded and were skipped`,
    ]);
    const end = await read(mp3.subarray(0, -1));
    expect(end.samples.length).toBeGreaterThan(0);
    expect(end.notes).toEqual([
      expect.stringMatching(
        /^truncated: the file ends within an MPEG frame, \d+ of its \d+ bytes are there$/,
      ),
      "truncated: the file has 1 frames less than its first one promises",
    ]);
    const start = await read(joinBytes([mp3, mp3]).subarray(10));
    expect(start.notes).toEqual([expect.stringContaining("truncated: the file begins within an MPEG frame")]);
    expect(start.samples.length).toBeGreaterThan(samples.length);
  });

  it("survives a tag that claims more than there is", async () => {
    const { samples, notes } = await read(joinBytes([id3v2.with(6, 0x7f), mp3]));
    expect(samples).toEqual((await decodeAudio(mp3)).samples);
    expect(notes).toEqual([expect.stringContaining("its first 13 bytes were skipped")]);
  });
});

describe("mutated compressed files", () => {
  it.each(["flac", "oga", "ogg", "opus", "mp3"])(
    `%s: ${MUTATIONS} either decode or are refused`,
    async (extension) => {
      const random = seededRandom(48_000);
      const original = fixture(`tone.${extension}`);
      const codes = new Set<string>();
      for (let i = 0; i < MUTATIONS; i++) {
        const bytes = mutate(original, random);
        // Half of the Ogg files get their checks made right, so that the damage reaches the decoder.
        const isOgg = extension.startsWith("o");
        codes.add(await outcome(isOgg && i % 2 === 0 ? reseal(bytes) : bytes));
      }
      expect(codes).toContain("decoded");
      expect([...codes].some((code) => code !== "decoded")).toBe(true);
    },
  );
});

async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    const { samples } = await decodeAudio(bytes, { name: "mutation", maxSeconds: 60 });
    expect(samples.length > 0 && samples.every(Number.isFinite)).toBe(true);
    return "decoded";
  } catch (error) {
    if (!(error instanceof CallsignError)) throw error;
    expect(error.message).toContain("mutation: ");
    return error.code;
  }
}

function mutate(original: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  let bytes = original.slice();
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(random() < 0.5 ? Math.min(200, bytes.length) : bytes.length);
    const kind = below(8);
    if (kind < 3) bytes[at] = below(256);
    else if (kind < 6) bytes[at]! ^= 1 << below(8);
    else if (kind < 7) bytes.fill(below(2) * 255, at, at + below(60));
    else bytes = bytes.slice(0, Math.max(1, below(bytes.length)));
  }
  return bytes;
}

function reseal(bytes: Uint8Array): Uint8Array {
  try {
    return joinBytes(splitOggPages(bytes).map((page) => (page.length > 27 ? sealOggPage(page) : page)));
  } catch {
    return bytes;
  }
}

function joinSamples(first: Float32Array, second: Float32Array): Float32Array {
  return Float32Array.from([...first, ...second]);
}
