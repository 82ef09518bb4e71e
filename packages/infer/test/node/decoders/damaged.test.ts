import { describe, expect, it } from "vitest";
import { CallsignError } from "@callsign/infer";
import { decodeAudio } from "@callsign/infer/node";
import { fixture } from "../../support/fixture.ts";
import { sealOggPage, splitOggPages } from "../../support/ogg-pages.ts";
import { seededRandom } from "../../support/random.ts";
import { refusal } from "../../support/refusal.ts";
import { joinBytes } from "../../audio/wav-bytes.ts";

const MUTATIONS = 80;

/** A file with the byte there changed. */
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, bytes[at]! ^ 0x10);
const refused = (bytes: Uint8Array, code: Parameters<typeof refusal>[0], text: string): Promise<void> =>
  expect(decodeAudio(bytes, { name: "clip" })).rejects.toEqual(refusal(code, text));

describe("damaged FLAC", () => {
  const flac = fixture("tone.flac");

  it("is found by the frame's check", async () => {
    await refused(flip(flac, 500), "AUDIO_TRUNCATED", "within the FLAC frame that begins at byte");
    // With a frame behind it, it is known for damage. Frames of one stream may be strung together.
    const first = flac.length - frameOf(flac).length;
    const twice = joinBytes([flip(flac, 500), frameOf(flac)]);
    await refused(
      twice,
      "AUDIO_INVALID",
      `clip: the FLAC frame at byte ${first} of ${twice.length} is damaged`,
    );
  });

  it("is told from a cut", async () => {
    await refused(
      flac.subarray(0, -1),
      "AUDIO_TRUNCATED",
      `the file ends, at byte ${flac.length - 1}, within`,
    );
    await refused(
      flac.subarray(0, 30),
      "AUDIO_TRUNCATED",
      "metadata block at byte 4 claims 34 bytes, the file has 22 left",
    );
    await refused(flac.subarray(0, 4), "AUDIO_TRUNCATED", "ends in FLAC metadata, at byte 4");
  });

  it("has as many samples as its header says", async () => {
    const none = flac.subarray(0, flac.length - frameOf(flac).length);
    await refused(none, "AUDIO_TRUNCATED", "promises 800 samples");
    await refused(joinBytes([flac, frameOf(flac)]), "AUDIO_INVALID", "promises 800 samples");
  });

  it("has a rate, and frames of the kind that its header says", async () => {
    await refused(
      flac
        .with(18, 0)
        .with(19, 0)
        .with(20, flac[20]! & 15),
      "AUDIO_INVALID",
      "a sample rate of 0 Hz",
    );
    await refused(flac.with(18, 0x0a), "AUDIO_INVALID", "got one of 16000 Hz, 2 channels, 16 bits");
    await refused(flac.with(4, 4), "AUDIO_INVALID", "expected STREAMINFO at byte 4, got block type 4");
  });

  it("is read behind an ID3 tag", async () => {
    const tag = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 3, 1, 2, 3);
    expect(await decodeAudio(joinBytes([tag, flac]))).toEqual(await decodeAudio(flac));
  });
});

describe("damaged Ogg", () => {
  it.each(["ogg", "opus", "oga"])("%s is found by the page's check", async (extension) => {
    const bytes = fixture(`tone.${extension}`);
    const last = splitOggPages(bytes).at(-1)!;
    const byte = bytes.length - last.length;
    await refused(
      flip(bytes, bytes.length - 5),
      "AUDIO_INVALID",
      `clip: the Ogg page at byte ${byte} is damaged`,
    );
    await refused(
      bytes.subarray(0, -3),
      "AUDIO_TRUNCATED",
      `page at byte ${byte} needs ${last.length} bytes`,
    );
    await refused(bytes.subarray(0, byte), "AUDIO_TRUNCATED", "without the stream's last page");
    await refused(
      joinBytes([bytes, new Uint8Array(40)]),
      "AUDIO_INVALID",
      `expected an Ogg page at byte ${bytes.length}`,
    );
  });

  it("misses pages, and chained streams are named", async () => {
    const pages = splitOggPages(fixture("tone.opus"));
    await refused(joinBytes([pages[0]!, ...pages.slice(2)]), "AUDIO_INVALID", "expected Ogg page number 1");
    const whole = joinBytes(pages);
    await refused(
      joinBytes([whole, whole]),
      "AUDIO_UNSUPPORTED",
      `another stream begins at byte ${whole.length}`,
    );
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
    await refused(sealed(head!.with(28 + 11, 200)), "AUDIO_UNSUPPORTED", "200 Vorbis channels; at most 8");
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
      { rtol: 1e-5, atol: 1e-3 },
    );
  });
});

describe("damaged MP3", () => {
  const mp3 = fixture("tone.mp3");

  it("is found where a frame should begin", async () => {
    const junk = joinBytes([mp3, new Uint8Array(50), mp3]);
    await refused(
      junk,
      "AUDIO_INVALID",
      `clip: expected an MPEG frame at byte ${mp3.length} of ${junk.length}`,
    );
    await refused(mp3.subarray(0, -1), "AUDIO_TRUNCATED", `the file has`);
  });

  it("is read between tags", async () => {
    const id3v2 = Uint8Array.of(0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 3, 1, 2, 3);
    const id3v1 = new Uint8Array(128);
    id3v1.set([0x54, 0x41, 0x47]);
    expect(await decodeAudio(joinBytes([id3v2, mp3, id3v1]))).toEqual(await decodeAudio(mp3));
    const lie = id3v2.with(6, 0x7f);
    await refused(joinBytes([lie, mp3]), "AUDIO_TRUNCATED", "the tag at byte 0 claims 266338317 bytes");
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
      expect(codes).toContain("AUDIO_INVALID");
      expect(codes).toContain("AUDIO_TRUNCATED");
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

/** The one frame of the fixture: behind its last metadata block. */
function frameOf(flac: Uint8Array): Uint8Array {
  let at = 4;
  for (;;) {
    const isLast = flac[at]! >= 128;
    at += 4 + flac[at + 1]! * 65_536 + flac[at + 2]! * 256 + flac[at + 3]!;
    if (isLast) return flac.subarray(at);
  }
}
