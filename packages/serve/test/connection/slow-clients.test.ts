import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { noise } from "../../../../test-support/noise.ts";
import { type ServedSet, serveSet } from "../support/serve-set.ts";
import { greet } from "../support/socket-client.ts";
import { WyomingTestClient } from "../support/wyoming-test-client.ts";

let served: ServedSet;
afterEach(() => served.close());

const s16 = (samples: Int16Array): Uint8Array => new Uint8Array(samples.slice().buffer);
const UNLIMITED = { audioFactor: 1e6, audioBurstSeconds: 1e6 };

describe("a client that reads slowly", () => {
  /** More than the system's own buffers on loopback hold. */
  const ASKED = 16;
  const ask = { type: "audio", fromMs: 0, toMs: 30_000 };

  it("receives all kept audio that it requested, and the messages after it", async () => {
    served = await serveSet({ limits: { ...UNLIMITED, unreadSeconds: 30 } });
    const client = await greet(served.socketUrl, { audioSeconds: 30, models: ["hello"] });
    const bytes = s16(noise(480_000));
    client.send(bytes.subarray(0, 480_000));
    client.send(bytes.subarray(480_000));
    client.send({ type: "audio", fromMs: 0, toMs: 0 });
    await client.heard("audio");
    client.socket.pause();
    for (let i = 0; i < ASKED; i++) client.send(ask);
    client.send({ type: "end" });
    // The server sends what the system takes, and waits.
    await sleep(500);
    expect(served.server.metrics.streams).toBe(1);
    client.socket.resume();
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(client.of("audio").slice(1)).toEqual(
      Array.from({ length: ASKED }, () => ({ type: "audio", fromMs: 0, samples: 480_000 })),
    );
    expect(client.binary).toHaveLength(ASKED + 1);
    expect(client.binary.slice(1).every((audio) => audio.equals(bytes))).toBe(true);
    expect(client.of("end")).toHaveLength(1);
  });

  it("is paused and then disconnected if it reads nothing, for queued and for immediate answers", async () => {
    served = await serveSet({ limits: { messagesPerSecond: 1e6, unreadSeconds: 0.2 } });
    const client = await new WyomingTestClient(served.wyomingPort).open();
    client.socket.pause();
    const drop = () => served.records.find(({ reason }) => reason === "SLOW_READER");
    for (let round = 0; round < 2000 && drop() === undefined; round++) {
      for (let i = 0; i < 100 && client.socket.writableLength < 1e6; i++) client.send("describe");
      await sleep(1);
    }
    // No more than the answers to what was read at once.
    expect(Number.parseInt(String(drop()?.["message"]), 10)).toBeLessThan(4e6);
    client.socket.destroy();
  });
});

describe("idle", () => {
  it("does not apply while the server pauses reading", async () => {
    served = await serveSet({ limits: { audioFactor: 1, audioBurstSeconds: 0.5, idleSeconds: 0.5 } });
    const client = await greet(served.socketUrl, { models: ["hello"], scores: true });
    // 1.5 s of debt, three times the idle limit.
    client.send(s16(noise(32_000)));
    await sleep(100);
    const talk = setInterval(() => client.send(s16(noise(320))), 20);
    await expect.poll(() => client.of("scores").length).toBeGreaterThan(25);
    clearInterval(talk);
    expect(await client.heard("error")).toMatchObject({ code: "IDLE" });
  });

  it("does not apply after pause, until the client sends audio again or stops answering pings", async () => {
    served = await serveSet({ limits: { idleSeconds: 0.5 } });
    const [muted, gone] = [await greet(served.socketUrl), await greet(served.socketUrl)];
    for (const client of [muted, gone]) client.send({ type: "pause" });
    gone.socket.pause();
    await expect.poll(() => served.records.filter(({ reason }) => reason === "IDLE").length).toBe(1);
    await sleep(600);
    expect(muted.said.map(({ type }) => type)).toEqual(["ready"]);
    muted.send(s16(noise(1600)));
    expect(await muted.heard("error")).toMatchObject({ code: "IDLE" });
    gone.socket.terminate();
  });
});

describe("limits", () => {
  it("count the length of audio, not its messages: Web Audio's 128 samples at 48 kHz are not held up", async () => {
    served = await serveSet();
    const client = await greet(served.socketUrl, { sampleRateHz: 48_000, scores: true, models: ["hello"] });
    // More messages at once than other kinds may be.
    const bytes = s16(noise(48_000 * 3));
    for (let at = 0; at < bytes.length; at += 256) client.send(bytes.subarray(at, at + 256));
    client.send({ type: "end" });
    await client.closed;
    expect(client.of("scores")).toHaveLength(37);
    expect(client.of("warning")).toEqual([]);
  });

  it.each([
    ["short messages", Array.from({ length: 1200 }, () => new Uint8Array(2))],
    ["empty messages", Array.from({ length: 100 }, () => new Uint8Array(0))],
    ["other messages", Array.from({ length: 100 }, () => ({ type: "pause" }))],
  ])("are said when they are met: %s", async (_, messages) => {
    served = await serveSet({ limits: { messagesPerSecond: 5 } });
    const client = await greet(served.socketUrl);
    for (const message of messages) client.send(message);
    expect(await client.heard("warning")).toMatchObject({
      code: "THROTTLED",
      message: expect.stringMatching(/messages are limited to 5 per second, or 80 of audio/) as string,
    });
    client.socket.terminate();
  });

  it("are reported once for repeated throttling, and no audio is lost", async () => {
    served = await serveSet({ limits: { audioFactor: 20, audioBurstSeconds: 1, backlogSeconds: 100 } });
    const client = await greet(served.socketUrl, { models: ["hello"], scores: true });
    for (let i = 0; i < 4; i++) client.send(s16(noise(32_000)));
    client.send({ type: "end" });
    await client.closed;
    expect(client.of("warning")).toEqual([
      {
        type: "warning",
        code: "THROTTLED",
        message: expect.stringMatching(/audio is limited to 20 s per second after the first 1 s/) as string,
      },
    ]);
    expect(client.of("scores")).toHaveLength(100);
    expect(await served.server.metrics.render()).toContain('callsign_throttled_total{reason="audio"} 1');
  });

  it("apply to repeated requests for kept audio", async () => {
    served = await serveSet({ limits: { audioFactor: 1, audioBurstSeconds: 1 } });
    const client = await greet(served.socketUrl, { audioSeconds: 1, models: ["hello"] });
    client.send(s16(noise(14_000)));
    for (let i = 0; i < 200; i++) client.send({ type: "audio", fromMs: 0, toMs: 875 });
    expect(await client.heard("warning")).toMatchObject({
      message: expect.stringMatching(/^audio/) as string,
    });
    client.socket.terminate();
  });

  it("report when more audio is queued than the backlog allows", async () => {
    served = await serveSet({ limits: { backlogSeconds: 0.5 } });
    const client = await greet(served.socketUrl, { scores: true, models: ["hello"] });
    for (let i = 0; i < 4; i++) client.send(s16(noise(16_000)));
    client.send({ type: "end" });
    await client.closed;
    expect(client.of("scores")).toHaveLength(50);
    expect(client.of("warning")).toEqual([
      {
        type: "warning",
        code: "THROTTLED",
        message: expect.stringMatching(/more than 0.5 s of audio are queued/),
      },
    ]);
  });
});
