import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, describe, expect, it, vi } from "vitest";
import { readWav, resample, toMagnitudes } from "@callsign/audio/internal";
import { decodeAudio, readAudioChunks, readAudioFile } from "@callsign/audio/node/internal";
import { bytesOf, joinBytes, wavBytes } from "../wav-bytes.ts";
import { flacBytes } from "../support/flac-bytes.ts";
import { fixture, fixturePath } from "../support/fixture.ts";
import { heldMiB } from "../../../../test-support/held-memory.ts";
import { noise } from "../../../../test-support/random.ts";
import { refusal } from "../../../../test-support/refusal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsign-audio-"));
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function collect(chunks: AsyncIterable<Float32Array>): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

describe("readAudioFile", () => {
  // The reference is what each format's own program decoded to 16-bit integers (fixtures/audio/make.sh); it rounds.
  it.each([
    ["wav", "tone.wav", 16_000, 0],
    ["flac", "tone.flac.wav", 16_000, 0],
    ["oga", "tone.flac.wav", 16_000, 0],
    ["ogg", "tone.ogg.wav", 16_000, 0.51 / 32_768],
    ["mp3", "tone.mp3.wav", 16_000, 0.51 / 32_768],
    // libopus 1.3.1 there and a newer one here; the decoder's specification (RFC 6716, 6) allows far more.
    ["opus", "tone.opus.wav", 48_000, 2 / 32_768],
  ])("decodes %s like its own program", async (extension, reference, sampleRateHz, atol) => {
    const expected = readWav(fixture(reference));
    expect(expected.sampleRateHz).toBe(sampleRateHz);
    const actual = await readAudioFile(fixturePath(`tone.${extension}`), { sampleRateHz });
    expect(actual.samples).toBeAllClose(expected.samples, { rtol: 0, atol });
  });

  it("reads 50 ms of every format as 800 samples at 16 kHz, alike but for the codec's loss", async () => {
    const { samples: exact } = readWav(fixture("tone.wav"));
    for (const extension of ["flac", "oga", "ogg", "opus", "mp3"]) {
      const { samples, sampleRateHz } = await readAudioFile(fixturePath(`tone.${extension}`));
      expect(sampleRateHz).toBe(16_000);
      expect(samples).toHaveLength(800);
      const error = samples.reduce((sum, sample, i) => sum + (sample - exact[i]!) ** 2, 0);
      const power = exact.reduce((sum, sample) => sum + sample ** 2, 0);
      expect(error / power, extension).toBeLessThan(0.02);
    }
  });

  it.each([8000, 11_025, 12_000, 16_000, 22_050, 24_000, 44_100])(
    "decodes Opus for %i Hz as at 48 kHz, resampled",
    async (sampleRateHz) => {
      const at48k = await readAudioFile(fixturePath("tone.opus"), { sampleRateHz: 48_000 });
      const expected = resample(at48k.samples, { fromHz: 48_000, toHz: sampleRateHz });
      const { samples } = await readAudioFile(fixturePath("tone.opus"), { sampleRateHz });
      expect(samples).toHaveLength(expected.length);
      const error = samples.reduce((sum, sample, i) => sum + (sample - expected[i]!) ** 2, 0);
      const power = expected.reduce((sum, sample) => sum + sample ** 2, 0);
      expect(error / power).toBeLessThan(0.002);
    },
  );

  it("goes by content, not by name", async () => {
    const path = save("really-flac.mp3", fixture("tone.flac"));
    expect((await readAudioFile(path)).samples).toEqual(readWav(fixture("tone.wav")).samples);
  });

  it("resamples like the offline resampler", async () => {
    const { samples, sampleRateHz } = readWav(fixture("steps-s16.wav"));
    const expected = resample(samples, { fromHz: sampleRateHz, toHz: 16_000 });
    expect((await readAudioFile(fixturePath("steps-s16.wav"))).samples).toEqual(expected);
  });

  it("reads a file of one sample", async () => {
    const path = save("one.wav", wavBytes({ data: bytesOf(Int16Array.of(77)) }));
    expect([...(await readAudioFile(path)).samples]).toEqual([77 / 32_768]);
  });

  it("reads each file as if it were the only one, whatever was read before or is being read", async () => {
    const files = kinds();
    const read = async (bytes: Uint8Array): Promise<Float32Array> => (await decodeAudio(bytes)).samples;
    const alone: Float32Array[] = [];
    for (const bytes of files) alone.push(await read(bytes));
    // Each kind of FLAC after each: libFLAC remembers block size and frame number.
    for (const before of files.slice(0, 4))
      for (const [i, bytes] of files.entries()) {
        await read(before);
        expect(await read(bytes)).toEqual(alone[i]);
      }
    for (const [i, bytes] of files.entries()) {
      await read(bytes.slice(0, -100).fill(0x55, 90, 120)).catch(() => undefined);
      expect(await read(bytes)).toEqual(alone[i]);
    }
    const together = await Promise.all([...files, ...files].map(read));
    expect(together).toEqual([...alone, ...alone]);
  });

  it("refuses, without decoding or allocating, a WAV that its header says is too long", async () => {
    const path = save("ten-hours.wav", tenHours());
    truncateSync(path, 44 + TEN_HOURS_BYTES);
    const before = process.memoryUsage().arrayBuffers;
    await expect(readAudioFile(path)).rejects.toEqual(
      refusal("AUDIO_TOO_LONG", `${path}: 36000.0 s of audio or more, the limit is 7200 s`),
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it.each(["mp3", "ogg", "opus"])("stops decoding %s when it gets too long", async (extension) => {
    const sound = fixture(`tone.${extension}`);
    await expect(decodeAudio(sound, { maxSeconds: 0.02 })).rejects.toEqual(
      refusal("AUDIO_TOO_LONG", "limit is 0.02 s"),
    );
  });

  it("stops at the limit", async () => {
    const again = Array.from({ length: 100 }, () => fixture("tone.mp3"));
    await expect(decodeAudio(joinBytes(again), { maxSeconds: 0.5 })).rejects.toEqual(
      refusal("AUDIO_TOO_LONG", "0.5 s"),
    );
  });

  it.each([
    ["empty.wav", new Uint8Array(0), "AUDIO_EMPTY", "got 0 bytes"],
    [
      "page.html",
      new TextEncoder().encode("<!DOCTYPE html>"),
      "AUDIO_INVALID",
      '3c 21 44 4f 43 54 59 50 ("<!DOCTYP")',
    ],
    ["zeros.mp3", new Uint8Array(5000), "AUDIO_INVALID", "5000 bytes that begin with 00 00 00"],
    [
      "4ghz.wav",
      wavBytes({ sampleRateHz: 4e9, data: new Uint8Array(20) }),
      "AUDIO_UNSUPPORTED",
      "4000000000 Hz to 16000 Hz",
    ],
  ] as const)("refuses %s", async (name, bytes, code, text) => {
    const path = save(name, bytes);
    await expect(readAudioFile(path)).rejects.toEqual(refusal(code, text));
    await expect(decodeAudio(bytes, { name: "memory" })).rejects.toEqual(refusal(code, "memory: "));
    await expect(readAudioFile(path)).rejects.toEqual(refusal(code, `${path}: `));
  });

  it("names a file that is not there, and a folder", async () => {
    const missing = join(folder, "missing.wav");
    await expect(readAudioFile(missing)).rejects.toEqual(
      refusal("FILE_NOT_FOUND", `${missing}: cannot open`),
    );
    await expect(readAudioFile(folder)).rejects.toEqual(refusal("AUDIO_INVALID", "got a folder"));
  });

  it("stops when asked to", async () => {
    const signal = AbortSignal.abort();
    await expect(readAudioFile(fixturePath("tone.wav"), { signal })).rejects.toEqual(
      refusal("ABORTED", "tone.wav"),
    );
  });

  it("prints nothing, whatever the decoders say", async () => {
    const error = vi.spyOn(console, "error");
    for (const extension of ["flac", "ogg", "opus", "mp3", "oga"])
      await decodeAudio(fixture(`tone.${extension}`).fill(0x55, 600, 700)).catch(() => undefined);
    expect(error).not.toHaveBeenCalled();
    error.mockRestore();
  });
});

describe("readAudioChunks", () => {
  it.each([1, 160, 799, 800, 16_000])(
    "cuts what readAudioFile gives into chunks of %i",
    async (chunkLength) => {
      for (const name of ["tone.flac", "tone.opus", "steps-f64.wav"]) {
        const { samples } = await readAudioFile(fixturePath(name));
        const chunks = await collect(readAudioChunks(fixturePath(name), { chunkLength }));
        expect(chunks.slice(0, -1).every(({ length }) => length === chunkLength)).toBe(true);
        expect(chunks.at(-1)!.length).toBeLessThanOrEqual(chunkLength);
        expect(chunks.flatMap((chunk) => [...chunk])).toEqual([...samples]);
      }
    },
  );

  it("reads ten hours in constant memory", async () => {
    const path = save("ten-hours-read.wav", tenHours());
    truncateSync(path, 44 + TEN_HOURS_BYTES);
    const held: number[] = [];
    let length = 0;
    for await (const chunk of readAudioChunks(path, { sampleRateHz: TEN_HOURS_HZ })) {
      const before = length;
      length += chunk.length;
      if (Math.floor(length / QUARTER) > Math.floor(before / QUARTER)) held.push(await heldMiB());
    }
    expect(length).toBe(TEN_HOURS_BYTES);
    // A quarter of it held would be 36 MB.
    expect(held).toHaveLength(4);
    expect(Math.max(...held) - held[0]!).toBeLessThan(10);
  });

  it("gives what comes before the damage", async () => {
    const pcm = Float32Array.from(noise(40_000, { seed: 3, peak: 1 }));
    pcm[39_000] = NaN;
    const path = save("nan.wav", wavBytes({ tag: 3, bits: 32, data: bytesOf(pcm) }));
    const chunks = readAudioChunks(path, { chunkLength: 10_000 });
    for (let i = 0; i < 3; i++) expect((await chunks.next()).value).toHaveLength(10_000);
    await expect(chunks.next()).rejects.toEqual(
      refusal("AUDIO_NOT_FINITE", `got NaN at byte ${44 + 4 * 39_000}`),
    );
  });

  it("can be left early", async () => {
    for await (const chunk of readAudioChunks(fixturePath("tone.ogg"), { chunkLength: 10 })) {
      expect(chunk).toHaveLength(10);
      break;
    }
  });

  it("refuses a chunk length that makes no progress", async () => {
    const chunks = readAudioChunks(fixturePath("tone.wav"), { chunkLength: 0 });
    await expect(chunks.next()).rejects.toEqual(
      refusal("INVALID_ARGUMENT", "chunkLength of 1 or more, got 0"),
    );
  });
});

describe("reading from a stream", () => {
  const collectStream = async (
    input: AsyncIterable<Uint8Array> | string,
    options: { signal?: AbortSignal } = {},
  ): Promise<number[]> => (await collect(readAudioChunks(input, options))).flatMap((chunk) => [...chunk]);

  it.each(["wav", "flac", "oga", "ogg", "opus", "mp3"])(
    "gives what the file gives, %s byte for byte",
    async (extension) => {
      const bytes = fixture(`tone.${extension}`);
      const { samples } = await decodeAudio(bytes);
      for (const length of [1, 333]) expect(await collectStream(pieces(bytes, length))).toEqual([...samples]);
    },
  );

  it("yields audio as it arrives, without waiting for the end", async () => {
    const wav = wavBytes({
      data: bytesOf(Int16Array.from(noise(50_000, { seed: 1, peak: 99 }))),
      dataLength: 0xffffffff,
    });
    const input = new PassThrough();
    const chunks = readAudioChunks(input);
    input.write(wav.subarray(0, 44 + 2 * 20_000));
    expect((await chunks.next()).value).toHaveLength(16_000);
    input.end(wav.subarray(44 + 2 * 20_000));
    const rest = await collect(chunks);
    expect(rest.map(({ length }) => length)).toEqual([16_000, 16_000, 2000]);
  });

  it("believes no length that a pipe's writer could not know", async () => {
    const data = bytesOf(Int16Array.of(1, 2, 3));
    for (const dataLength of [0, 0x7ffff000, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const notes: string[] = [];
      const input = pieces(wavBytes({ data, dataLength, riffLength: 0 }), 10);
      const { samples } = await readAudioFile(input, {
        maxSeconds: 1,
        onNote: ({ message }) => notes.push(message),
      });
      expect([...toMagnitudes(samples)]).toEqual([1, 2, 3]);
      expect(notes).toEqual([]);
    }
  });

  it.skipIf(process.platform === "win32")("reads a FIFO, and stops waiting for a silent one", async () => {
    const path = join(folder, "fifo");
    execFileSync("mkfifo", [path]);
    const read = collectStream(path);
    await writeFile(path, fixture("tone.flac"));
    expect(await read).toEqual([...readWav(fixture("tone.wav")).samples]);

    const controller = new AbortController();
    const waiting = collectStream(path, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(waiting).rejects.toEqual(refusal("ABORTED", "fifo: reading was stopped"));
  });

  it.skipIf(process.platform === "win32")("reads standard input by its path", async () => {
    const script = `import { readAudioFile } from "@callsign/audio/node";
      console.log((await readAudioFile("/dev/stdin")).samples.length);`;
    const output = execFileSync(
      process.execPath,
      ["--import", "tsx", "--conditions=@callsign/source", "--input-type=module", "-e", script],
      { cwd: import.meta.dirname, input: fixture("tone.mp3") },
    );
    expect(output.toString()).toBe("800\n");
  });

  it("closes a stream that it leaves, and one that fails", async () => {
    const input = new PassThrough();
    input.write(fixture("tone.wav"));
    for await (const _ of readAudioChunks(input, { chunkLength: 100 })) break;
    expect(input.destroyed).toBe(true);
    const failing = new PassThrough();
    failing.write(fixture("tone.wav").subarray(0, 100));
    setTimeout(() => failing.destroy(new Error("the line broke")), 1);
    await expect(collectStream(failing)).rejects.toThrow("the line broke");
  });

  it("refuses text", async () => {
    const input = new PassThrough({ encoding: "latin1" });
    input.end(fixture("tone.wav"));
    await expect(collectStream(input)).rejects.toEqual(refusal("INVALID_ARGUMENT", "set no encoding"));
  });
});

const EXACTLY = { rtol: 0, atol: 0 };

describe("channels that cancel each other out", () => {
  const length = 40_000;
  const left = noise(length, { seed: 8, peak: 8000 });
  const stereo = (right: Float32Array): Uint8Array => {
    const both = Int16Array.from({ length: 2 * length }, (_, i) => (i % 2 === 0 ? left : right)[i >> 1]!);
    return wavBytes({ channels: 2, data: bytesOf(both) });
  };
  const read = async (right: Float32Array): Promise<{ samples: Float32Array; notes: string[] }> => {
    const notes: string[] = [];
    const { samples } = await decodeAudio(stereo(right), { onNote: ({ code }) => notes.push(code) });
    return { samples: toMagnitudes(samples), notes };
  };

  it("are heard as the one that is right", async () => {
    const { samples, notes } = await read(left.map((sample) => -sample));
    expect(samples).toBeAllClose(left, EXACTLY);
    expect(notes).toEqual(["antiphase"]);
    // A little noise of its own in each, as from two microphone inputs.
    const hiss = noise(length, { seed: 9, peak: 300 });
    const noisy = await read(left.map((sample, i) => Math.round(-sample + hiss[i]!)));
    const error = noisy.samples.reduce((sum, sample, i) => sum + (sample - left[i]!) ** 2, 0) / length;
    expect(Math.sqrt(error)).toBeLessThan(100);
    expect(noisy.notes).toEqual(["antiphase"]);
  });

  it("are told from ordinary stereo, which is mixed by its mean", async () => {
    for (const right of [left, new Float32Array(length), noise(length, { seed: 10, peak: 8000 })]) {
      const { samples, notes } = await read(right);
      expect(samples).toBeAllClose(
        left.map((sample, i) => (sample + right[i]!) / 2),
        EXACTLY,
      );
      expect(notes).toEqual([]);
    }
  });

  it("are found in compressed files too", async () => {
    const both = Int16Array.from({ length: 2 * 5000 }, (_, i) => left[i >> 1]! * (i % 2 === 0 ? 1 : -1));
    const { samples } = await decodeAudio(flacBytes({ blockSize: 1024, channels: 2, samples: both }));
    expect(toMagnitudes(samples)).toBeAllClose(left.subarray(0, 5000), EXACTLY);
  });
});

/** Files of every format, and FLAC of several block sizes, rates and channels. */
function kinds(): Uint8Array[] {
  const samples = Int16Array.from(noise(2400, { seed: 4, peak: 5000 }));
  return [
    flacBytes({ blockSize: 192, samples }),
    flacBytes({ blockSize: 1152, channels: 2, samples, sampleRateHz: 44_100 }),
    flacBytes({ blockSize: 576, channels: 3, samples, sampleRateHz: 8000 }),
    ...["flac", "oga", "ogg", "opus", "mp3", "wav"].map((extension) => fixture(`tone.${extension}`)),
  ];
}

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield await Promise.resolve(bytes.slice(at, at + length));
}

/** Ten hours of one byte a sample; the file itself is sparse. */
const TEN_HOURS_HZ = 1000;
const TEN_HOURS_BYTES = 36_000 * TEN_HOURS_HZ;
const QUARTER = TEN_HOURS_BYTES / 4;

function tenHours(): Uint8Array {
  const fields = {
    bits: 8,
    sampleRateHz: TEN_HOURS_HZ,
    data: new Uint8Array(0),
    dataLength: TEN_HOURS_BYTES,
  };
  return wavBytes({ ...fields, riffLength: 36 + TEN_HOURS_BYTES });
}
