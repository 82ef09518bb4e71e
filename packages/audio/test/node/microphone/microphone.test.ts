import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { openMicrophone } from "@callsign/audio/node/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** A script in place of arecord answers these, and then records. */
const HEAD = `#!/bin/sh
case "$1" in
  --version) exit 0 ;;
  -L) echo default; exit 0 ;;
esac
`;

describe.skipIf(process.platform === "win32")("a microphone through arecord", () => {
  const path = process.env.PATH;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-microphone-"));
    process.env.PATH = `${folder}${delimiter}${path}`;
  });
  afterEach(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  });

  async function install(script: string): Promise<void> {
    await writeFile(join(folder, "arecord"), script);
    await chmod(join(folder, "arecord"), 0o755);
  }

  /** Everything it records until it ends, which such a device does with an error. */
  async function recordAll(device: string): Promise<Int16Array> {
    const { chunks } = await openMicrophone({
      through: "arecord",
      device,
      signal: new AbortController().signal,
    });
    const samples: number[] = [];
    await expect(
      (async () => {
        for await (const chunk of chunks) samples.push(...chunk);
      })(),
    ).rejects.toMatchObject({ code: "MICROPHONE_FAILED" });
    return Int16Array.from(samples);
  }

  it("is resampled from the rate that the device has", async () => {
    // A second of 440 Hz at 48 kHz.
    const tone = Int16Array.from(
      { length: 48_000 },
      (_, i) => 8000 * Math.sin((2 * Math.PI * 440 * i) / 48_000),
    );
    await writeFile(join(folder, "tone"), new Uint8Array(tone.buffer));
    await install(
      `${HEAD}echo "Recording raw data 'stdin' : Signed 16 bit Little Endian, Rate 16000 Hz, Mono" >&2
echo "Warning: rate is not accurate (requested = 16000Hz, got = 48000Hz)" >&2
echo "         please, try the plug plugin " >&2
cat ${join(folder, "tone")}
exit 1`,
    );
    const samples = await recordAll("hw:1,0");
    expect(Math.abs(samples.length - 16_000)).toBeLessThan(50);
    const middle = [...samples.subarray(4000, 12_000)];
    const crossings = middle.filter((sample, i) => i > 0 && sample >= 0 && middle[i - 1]! < 0).length;
    expect(Math.abs(crossings - 220)).toBeLessThan(2);
  });

  it("is opened in the format and with the channels that the device has", async () => {
    const frames = Int32Array.from({ length: 2 * 4000 }, (_, i) => (i % 2 === 0 ? 3000 : 1000) << 16);
    await writeFile(join(folder, "frames"), new Uint8Array(frames.buffer));
    await install(
      `${HEAD}echo "Recording raw data 'stdin' : Signed 16 bit Little Endian, Rate 16000 Hz, Mono" >&2
case "$*" in
  *"S32_LE -r 16000 -c 2"*) cat ${join(folder, "frames")} ;;
  *"S32_LE"*) echo "arecord: set_params:1352: Channels count non available" >&2 ;;
  *) printf "arecord: set_params:1345: Sample format non available\\nAvailable formats:\\n- S32_LE\\n" >&2 ;;
esac
exit 1`,
    );
    const samples = await recordAll("hw:1,0");
    expect(samples).toHaveLength(4000);
    expect(new Set(samples)).toEqual(new Set([2000]));
  });

  it("ends when aborted, before it is opened or while the device sends nothing", async () => {
    await install(`${HEAD}trap "" TERM; while :; do sleep 0.1; done`);
    for (const isEarly of [true, false]) {
      const controller = new AbortController();
      let warnings = 0;
      if (isEarly) controller.abort();
      const { chunks } = await openMicrophone({
        through: "arecord",
        signal: controller.signal,
        noAudioSeconds: 0.05,
        onNoAudio: () => {
          if (++warnings >= 2) controller.abort();
        },
      });
      expect(await chunks.next()).toEqual({ done: true, value: undefined });
      // A busy machine may warn once more before the abort has ended the wait.
      if (isEarly) expect(warnings).toBe(0);
      else expect(warnings).toBeGreaterThanOrEqual(2);
    }
  });

  it.each([
    ["arecord: pcm_read:2221: read error: No such device", /it was unplugged; plug it in.*No such device/],
    ["arecord: main:850: audio open error: Device or resource busy", /another program is recording/],
    ["", /may have been unplugged/],
  ])("is read until it goes away, and the error says why: %s", async (complaint, message) => {
    await install(`${HEAD}head -c 3200 /dev/zero\necho "${complaint}" >&2\nexit 1`);
    const { signal } = new AbortController();
    const { chunks } = await openMicrophone({ through: "arecord", signal });
    let samples = 0;
    const listen = async (): Promise<void> => {
      for await (const chunk of chunks) samples += chunk.length;
    };
    await expect(listen()).rejects.toMatchObject({
      code: "MICROPHONE_FAILED",
      message: expect.stringMatching(message) as string,
    });
    expect(samples).toBe(1600);
  });
});
