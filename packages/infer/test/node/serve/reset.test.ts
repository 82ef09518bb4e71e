import { describe, expect, it } from "vitest";
import { noise } from "../../support/noise.ts";
import { serveSet } from "../../support/serve-set.ts";
import { greet, type SocketClient } from "../../support/socket-client.ts";

const SAMPLES = noise(120_000);
const toBytes = {
  s16le: (samples: Float32Array) => new Uint8Array(Int16Array.from(samples).buffer),
  f32le: (samples: Float32Array) => new Uint8Array(samples.map((x) => x / 32_768).buffer),
};

/** Sends the recording and `end`; returns what is said in answer to it. */
async function play(client: SocketClient, bytes: Uint8Array) {
  const before = client.said.length;
  for (let at = 0; at < bytes.length; at += 3333) client.send(bytes.subarray(at, at + 3333));
  client.send({ type: "audio", fromMs: 0, toMs: 100 });
  client.send({ type: "end" });
  await client.closed;
  return { said: client.said.slice(before), audio: client.binary.at(-1) };
}

describe("reset", () => {
  it.each([
    ["s16le", 1, 16_000],
    ["s16le", 3, 48_000],
    ["f32le", 1, 16_000],
    ["f32le", 2, 44_100],
  ] as const)(
    "leaves nothing of what came before, unfinished samples included: %s, %d channels, %d Hz",
    async (encoding, channels, sampleRateHz) => {
      const served = await serveSet({ voiceGate: {} });
      const hello = { encoding, channels, sampleRateHz, scores: true, mute: true, audioSeconds: 1 };
      const seconds = Float32Array.from(
        { length: 2.5 * sampleRateHz * channels },
        (_, i) => SAMPLES[Math.floor(i / channels)]!,
      );
      const bytes = toBytes[encoding](seconds);
      const fresh = await play(await greet(served.socketUrl, hello), bytes);
      expect(fresh.said.filter(({ type }) => type === "scores")).toHaveLength(2 * 31);
      const used = await greet(served.socketUrl, hello);
      // Every remainder of a frame, each after other audio.
      const frameBytes = channels * (encoding === "s16le" ? 2 : 4);
      for (let rest = 1; rest < frameBytes; rest++) {
        used.send(bytes.subarray(rest * 1000, rest * 1000 + frameBytes * (5000 + rest * 100) + rest));
        used.send({ type: "reset" });
      }
      await expect.poll(() => used.of("reset").length).toBe(frameBytes - 1);
      expect(await play(used, bytes)).toEqual(fresh);
      await served.close();
    },
  );

  it("ends what is muted, so that a client never stays muted", async () => {
    const served = await serveSet();
    const client = await greet(served.socketUrl, { mute: true });
    const isMuted = new Map<unknown, unknown>();
    for (let second = 0; second < 3; second++) {
      client.send(toBytes.s16le(SAMPLES.subarray(0, 5000 + 4000 * second)));
      client.send({ type: "reset" });
    }
    await expect.poll(() => client.of("reset").length).toBe(3);
    expect(client.of("mute").some(({ mute }) => mute === true)).toBe(true);
    for (const { type, model, mute } of client.said) {
      if (type === "mute") isMuted.set(model, mute);
      if (type === "reset") expect([...isMuted.values()]).not.toContain(true);
    }
    await served.close();
  });
});
