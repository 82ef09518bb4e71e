import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Readable } from "node:stream";

import { formatModelCard, writeWav } from "@callsign/infer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAudioFile } from "@callsign/infer/node";
import { hasSharedData, sharedPath } from "../../../test-support/shared-data.ts";
import { toneDetector, tones } from "../../infer/test/support/tone-detector.ts";
import { runCaptured } from "./run-captured.ts";

const HEAD = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
const EMBEDDING = ["--embedding", sharedPath("reference", "embedding_model.onnx")];
const hasArecord = (() => {
  try {
    execFileSync("arecord", ["--version"]);
    return true;
  } catch {
    return false;
  }
})();

/** Six recordings of the word, a second of silence between. */
async function tape(): Promise<Float32Array> {
  const folder = sharedPath("keywords", "alexa");
  const files = (await readdir(folder)).toSorted().slice(0, 6);
  const parts: number[] = [];
  for (const file of files)
    parts.push(...(await readAudioFile(join(folder, file))).samples, ...new Float32Array(16_000));
  return Float32Array.from(parts);
}

describe.skipIf(!hasSharedData || !hasArecord)(
  "callsign listen, through arecord and an ALSA file device",
  () => {
    let folder: string;
    let samples: Float32Array;
    const before = process.env.ALSA_CONFIG_PATH;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "callsign-listen-"));
      samples = await tape();
      await writeFile(join(folder, "tape.raw"), new Uint8Array(Int16Array.from(samples).buffer));
      const device = `type file\n slave.pcm null\n file /dev/null\n infile ${join(folder, "tape.raw")}\n format raw`;
      const hint = `hint { show on description "Tape deck" }`;
      await writeFile(
        join(folder, "asound.conf"),
        `pcm.tape {\n ${device}\n ${hint}\n}\npcm.!default tape\npcm.null { type null }\n`,
      );
      process.env.ALSA_CONFIG_PATH = join(folder, "asound.conf");
    });
    afterAll(async () => {
      if (before === undefined) delete process.env.ALSA_CONFIG_PATH;
      else process.env.ALSA_CONFIG_PATH = before;
      await rm(folder, { recursive: true, force: true });
    });
    const seconds = (): string[] => ["--seconds", String(samples.length / 16_000), "--through", "arecord"];

    it("lists the microphones", async () => {
      const { exitCode, stdout } = await runCaptured(["listen", "--list", "--through", "arecord"]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain("tape\tTape deck");
    });

    it("hears, saves and acts on what the file has, score for score", async () => {
      const saved = join(folder, "heard");
      const log = join(folder, "ran");
      const program = join(folder, "note.mjs");
      await writeFile(
        program,
        `import { appendFileSync } from "node:fs"; appendFileSync(${JSON.stringify(log)}, process.argv.slice(2).join("|") + "\\n");`,
      );
      const { exitCode, stdout, stderr } = await runCaptured([
        "listen",
        HEAD,
        ...EMBEDDING,
        "--device",
        "tape",
        ...seconds(),
        "--json",
        "--save-detections",
        saved,
        "--exec",
        process.execPath,
        program,
        "$(false); `x`",
      ]);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 0,
        stderr: "Listening to Tape deck through arecord.\n",
      });
      const heard = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, number | string>);
      const wav = join(folder, "tape.wav");
      await writeFile(wav, writeWav({ samples, sampleRateHz: 16_000 }));
      const file = await runCaptured(["detect", wav, "--model", HEAD, ...EMBEDDING, "--json"]);
      const [{ detections }] = JSON.parse(file.stdout) as [{ detections: Record<string, number | string>[] }];
      expect(detections.length).toBeGreaterThan(3);
      expect(heard.map(({ label, score, timestampMs }) => ({ label, score, timestampMs }))).toEqual(
        detections,
      );
      const ran = (await readFile(log, "utf8")).trim().split("\n");
      expect(ran.map((line) => Number(line.split("|").at(-1))).toSorted((a, b) => a - b)).toEqual(
        detections.map(({ timestampMs }) => timestampMs),
      );
      // An argument reaches the program as it is: there is no shell.
      expect(ran[0]).toContain("$(false); `x`|openwakeword-alexa_v0.1|");
      const files = (await readdir(saved)).toSorted();
      expect(files).toHaveLength(detections.length);
      const first = files.find((name) => name.includes(`_${detections[0]!.timestampMs}ms`))!;
      const from = Math.max(0, Number(detections[0]!.timestampMs) * 16 - 32_000);
      const { samples: cut } = await readAudioFile(join(saved, first));
      expect([...cut]).toEqual([...samples.subarray(from, Number(detections[0]!.timestampMs) * 16 + 8000)]);
    });

    it("says what is wrong with a microphone", async () => {
      const none = await runCaptured(["listen", HEAD, ...EMBEDDING, "--device", "tpae", ...seconds()]);
      expect(none).toMatchObject({ exitCode: 1, stdout: "" });
      expect(none.stderr).toMatch(
        /MICROPHONE_FAILED.*no microphone is named like "tpae", did you mean "tape"/,
      );
      const gone = await runCaptured(["listen", HEAD, ...EMBEDDING, "--device", "hw:7", ...seconds()]);
      expect(gone).toMatchObject({ exitCode: 1 });
      expect(gone.stderr).toMatch(/MICROPHONE_FAILED.*"hw:7": there is no such device/);
    });

    it("says so when the microphone gives zeros, and when a program cannot be run", async () => {
      await writeFile(join(folder, "tape.raw"), new Uint8Array(16_000 * 2 * 12));
      const args = ["listen", HEAD, ...EMBEDDING, "--through", "arecord", "--seconds", "5.2"];
      const { stderr, exitCode } = await runCaptured([
        ...args,
        "--threshold",
        "0",
        "--exec",
        "/no/such/program",
      ]);
      expect(exitCode).toBe(0);
      expect(stderr).toContain("nothing but zeros");
      expect(stderr).toContain("/no/such/program: cannot be run");
    });
  },
);

describe("callsign listen with a tone's model", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-listen-tone-"));
    const { card, classifier } = await toneDetector();
    await writeFile(join(folder, "model.json"), formatModelCard(card, { name: "model.json" }));
    await writeFile(join(folder, card.classifier.file), classifier);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("hears standard input as detect hears a file", async () => {
    const wav = writeWav({ samples: tones(), sampleRateHz: 16_000 });
    await writeFile(join(folder, "tones.wav"), wav);
    const file = await runCaptured(["detect", join(folder, "tones.wav"), "--model", folder, "--json"]);
    const heard = await runCaptured(["listen", folder, "--device", "-", "--json"], {
      stdin: () => Readable.from([wav]),
    });
    expect(heard.exitCode, heard.stderr).toBe(0);
    const lines = heard.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { timestampMs: number });
    const [{ detections }] = JSON.parse(file.stdout) as [{ detections: { timestampMs: number }[] }];
    expect(detections.length).toBeGreaterThan(1);
    expect(lines.map(({ timestampMs }) => timestampMs)).toEqual(
      detections.map(({ timestampMs }) => timestampMs),
    );
    expect(await runCaptured(["listen", folder, "--rate", "8000"])).toMatchObject({ exitCode: 2 });
  });

  it.skipIf(process.platform === "win32")(
    "reports a microphone that sends nothing and ends after --seconds",
    async () => {
      const program = join(folder, "arecord");
      await writeFile(program, '#!/bin/sh\ncase "$1" in -L) echo default ;; -t) exec sleep 600 ;; esac\n');
      await chmod(program, 0o755);
      const before = process.env.PATH;
      process.env.PATH = `${folder}${delimiter}${before}`;
      const { exitCode, stderr } = await runCaptured(
        ["listen", folder, "--through", "arecord", "--seconds", "0.3"],
        { noAudioSeconds: 0.2 },
      );
      process.env.PATH = before;
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/No audio for 0.2 s[^]*MICROPHONE_FAILED.*no audio came in 0.3 s/);
    },
  );
});

describe("callsign listen without", () => {
  it("a way to any microphone says what to install", async () => {
    const path = process.env.PATH;
    process.env.PATH = "/nonexistent";
    const { exitCode, stderr } = await runCaptured(["listen", "--list", "--through", "arecord"]);
    process.env.PATH = path;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /DEPENDENCY_MISSING.*npm install decibri, or on Debian apt-get install alsa-utils/,
    );
  });

  it("a model, or with a duration that is none, is bad usage", async () => {
    expect(await runCaptured(["listen"])).toMatchObject({ exitCode: 2 });
    expect(await runCaptured(["listen", "x", "--seconds", "-1"])).toMatchObject({ exitCode: 2 });
  });
});
