import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { readWav, resample } from "@callsign/infer";
import { decodeAudio, readAudioChunks, readAudioFile } from "@callsign/infer/node";
import { bytesOf, wavBytes } from "../audio/wav-bytes.ts";
import { fixture, fixturePath } from "../support/fixture.ts";
import { noise } from "../support/random.ts";
import { refusal } from "../support/refusal.ts";

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
    ["ogg", "tone.ogg.wav", 16_000, 0.51],
    ["mp3", "tone.mp3.wav", 16_000, 0.51],
    // libopus 1.3.1 there and a newer one here; the decoder's specification (RFC 6716, 6) allows far more.
    ["opus", "tone.opus.wav", 48_000, 2],
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
    expect([...(await readAudioFile(path)).samples]).toEqual([77]);
  });

  it("reads the same at once from several files", async () => {
    const paths = ["flac", "ogg", "flac", "opus", "mp3", "flac", "oga"].map((extension) =>
      fixturePath(`tone.${extension}`),
    );
    const together = await Promise.all(paths.map((path) => readAudioFile(path)));
    for (const [i, path] of paths.entries()) expect(together[i]).toEqual(await readAudioFile(path));
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

  it("stops before damage that lies beyond the limit", async () => {
    const twice = new Uint8Array(200_000);
    for (let at = 0; at < 150_000; at += fixture("tone.mp3").length) twice.set(fixture("tone.mp3"), at);
    await expect(decodeAudio(twice, { maxSeconds: 0.5 })).rejects.toEqual(refusal("AUDIO_TOO_LONG", "0.5 s"));
    await expect(decodeAudio(twice)).rejects.toEqual(refusal("AUDIO_INVALID", "at byte 151848 of 200000"));
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
    ["song.m4a", new TextEncoder().encode("\0\0\0 ftypM4A "), "AUDIO_UNSUPPORTED", "MP4, M4A or AAC"],
    ["clip.aiff", new TextEncoder().encode("FORM0000AIFF"), "AUDIO_UNSUPPORTED", "AIFF"],
    ["clip.webm", Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1), "AUDIO_UNSUPPORTED", "WebM"],
    [
      "cut.wav",
      fixture("tone.wav").subarray(0, 3000),
      "AUDIO_TRUNCATED",
      "claims 3200 bytes, the file has 2956 left",
    ],
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
    await expect(readAudioFile(folder)).rejects.toEqual(refusal("AUDIO_INVALID", "not a folder or device"));
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
    let length = 0;
    let most = 0;
    const before = process.memoryUsage().rss;
    for await (const chunk of readAudioChunks(path, { sampleRateHz: TEN_HOURS_HZ })) {
      length += chunk.length;
      if (length % 3_200_000 === 0) most = Math.max(most, process.memoryUsage().rss);
    }
    expect(length).toBe(TEN_HOURS_BYTES);
    // All of it would take 144 MB; up to 72 MB of garbage wait for the collector on Node 24.
    expect(most).toBeGreaterThan(0);
    expect(most - before).toBeLessThan(100e6);
  });

  it("gives what comes before the damage", async () => {
    const pcm = Float32Array.from(noise(40_000, { seed: 3, peak: 1 }));
    pcm[39_000] = NaN;
    const path = save("nan.wav", wavBytes({ tag: 3, bits: 32, data: bytesOf(pcm) }));
    const chunks = readAudioChunks(path, { chunkLength: 10_000 });
    for (let i = 0; i < 3; i++) expect((await chunks.next()).value).toHaveLength(10_000);
    await expect(chunks.next()).rejects.toEqual(
      refusal("AUDIO_NOT_FINITE", `frame 39000 of 40000, at byte ${44 + 4 * 39_000}`),
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

/** Ten hours of one byte a sample; the file itself is sparse. */
const TEN_HOURS_HZ = 1000;
const TEN_HOURS_BYTES = 36_000 * TEN_HOURS_HZ;

function tenHours(): Uint8Array {
  const fields = {
    bits: 8,
    sampleRateHz: TEN_HOURS_HZ,
    data: new Uint8Array(0),
    dataLength: TEN_HOURS_BYTES,
  };
  return wavBytes({ ...fields, riffLength: 36 + TEN_HOURS_BYTES });
}
