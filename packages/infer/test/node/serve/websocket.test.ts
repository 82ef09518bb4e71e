import { setTimeout as sleep } from "node:timers/promises";
import { gateOf, withSensitivity } from "@callsign/infer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noise } from "../../support/noise.ts";
import { HELLO, type ServedSet, serveSet, WORLD } from "../../support/serve-set.ts";
import { greet, SocketClient } from "../../support/socket-client.ts";

let served: ServedSet;
beforeEach(async () => {
  served = await serveSet();
});
afterEach(() => served.close());

const SAMPLES = noise(80_000);
const s16 = (samples: Float32Array): Uint8Array => new Uint8Array(Int16Array.from(samples).buffer);
const f32 = (samples: Float32Array): Uint8Array => new Uint8Array(samples.map((x) => x / 32_768).buffer);

/** What the library hears in the same audio. */
async function expected(samples = SAMPLES, models = ["hello", "world"]) {
  const stream = await served.set.open({ models });
  return stream.push(samples);
}

/** Sends audio in pieces and waits for all that comes of it. */
async function play(client: SocketClient, bytes: Uint8Array, size = 4444) {
  for (let at = 0; at < bytes.length; at += size) client.send(bytes.subarray(at, at + size));
  client.send({ type: "end" });
  await client.closed;
}

describe("the WebSocket", () => {
  it.each([
    ["s16le", s16],
    ["f32le", f32],
  ])("hears what the library hears, scores to the bit: %s", async (encoding, toBytes) => {
    const client = await greet(served.socketUrl, { encoding, scores: true });
    await play(client, toBytes(SAMPLES));
    const steps = await expected();
    const scores = steps.map(({ model, timestampMs, scores }) => {
      const { labels } = model === "hello" ? HELLO : WORLD;
      const named = Object.fromEntries(labels.map((label, i) => [label, scores[i]!]));
      return { type: "scores", model, timestampMs, scores: named };
    });
    expect(client.of("scores")).toEqual(scores);
    const detections = steps.flatMap((step) => step.detections).map((one) => ({ type: "detection", ...one }));
    expect(detections.length).toBeGreaterThan(4);
    expect(client.of("detection")).toEqual(detections);
    expect(client.of("end")).toEqual([{ type: "end", detections: detections.length }]);
    expect(await client.closed).toMatchObject({ code: 1000 });
  });

  it("tells what is ready, and listens with the models and the sensitivity asked for", async () => {
    const client = await greet(served.socketUrl, { models: ["hello"], sensitivity: { threshold: 0.9 } });
    expect(client.said[0]).toMatchObject({
      type: "ready",
      version: 1,
      models: [{ name: "hello", labels: ["hello"], hopMs: 80, thresholds: { hello: 0.9 } }],
    });
    await play(client, s16(SAMPLES));
    expect(client.of("detection")).toEqual([]);
  });

  it("resamples and mixes", async () => {
    const client = await greet(served.socketUrl, { sampleRateHz: 48_000, channels: 2, scores: true });
    const stereo = new Int16Array(96_000 * 2);
    for (let i = 0; i < 96_000; i++) stereo.fill(Math.round(8000 * Math.sin(i / 20)), 2 * i, 2 * i + 2);
    await play(client, new Uint8Array(stereo.buffer));
    expect(client.of("scores").filter(({ model }) => model === "hello")).toHaveLength(25);
    expect(client.of("scores").at(-1)).toMatchObject({ timestampMs: 2000 });
  });

  it("says when to mute and when no longer, as the model's own gate does", async () => {
    const sensitivity = { threshold: 0.5 };
    const client = await greet(served.socketUrl, { mute: true, models: ["hello", "world"], sensitivity });
    await play(client, s16(SAMPLES));
    const gates = new Map(
      [HELLO, WORLD].map((card) => [card.name, gateOf(withSensitivity(card, sensitivity))]),
    );
    const wanted: unknown[] = [];
    const muted = new Map<string, boolean>();
    for (const { model, timestampMs, scores } of await expected()) {
      const mute = gates.get(model)!.step(scores, timestampMs).muted;
      if (mute !== (muted.get(model) ?? false)) wanted.push({ type: "mute", model, timestampMs, mute });
      muted.set(model, mute);
    }
    const said = client.of("mute");
    expect(said).toEqual(wanted);
    const ofHello = said.filter(({ model }) => model === "hello").map((one) => Number(one["timestampMs"]));
    expect(ofHello.length).toBeGreaterThan(2);
    expect(said.length).toBeGreaterThan(ofHello.length);
    // The hold of its card.
    for (let i = 0; i + 1 < ofHello.length; i += 2)
      expect(ofHello[i + 1]! - ofHello[i]!).toBeGreaterThan(239);
  });

  it("hands out kept audio, starts again on reset, each in its turn", async () => {
    const client = await greet(served.socketUrl, { audioSeconds: 2, scores: true, models: ["hello"] });
    client.send(s16(SAMPLES.subarray(0, 16_000)));
    client.send({ type: "audio", fromMs: 500, toMs: 750 });
    client.send({ type: "reset" });
    client.send(s16(SAMPLES.subarray(0, 16_000)));
    client.send({ type: "audio", fromMs: 0, toMs: 10 });
    await play(client, s16(SAMPLES.subarray(16_000)));
    expect(client.of("audio")).toEqual([
      { type: "audio", fromMs: 500, samples: 4000 },
      { type: "audio", fromMs: 0, samples: 160 },
    ]);
    expect(client.binary[0]!.equals(s16(SAMPLES.subarray(8000, 12_000)))).toBe(true);
    const kinds = client.said.map(({ type }) => type).filter((type) => type !== "detection");
    expect(kinds.slice(0, 15)).toEqual([
      "ready",
      ...Array.from({ length: 12 }, () => "scores"),
      "audio",
      "reset",
    ]);
    const scores = client.of("scores").map(({ timestampMs }) => timestampMs);
    expect(scores.slice(12)).toEqual(
      (await expected(SAMPLES, ["hello"])).map(({ timestampMs }) => timestampMs),
    );
  });

  it("answers for audio that is gone, and goes on", async () => {
    const client = await greet(served.socketUrl, { audioSeconds: 1 });
    client.send(s16(SAMPLES.subarray(0, 32_000)));
    client.send({ type: "audio", fromMs: 0, toMs: 100 });
    expect(await client.heard("error")).toMatchObject({ code: "AUDIO_GONE" });
    await play(client, new Uint8Array(0));
    expect(client.of("end")).toHaveLength(1);
  });
});

describe("a client that does wrong is told why and let go", () => {
  const HI = { type: "hello", version: 1 };
  it.each<[string, unknown[], string, RegExp]>([
    ["audio before hello", [new Uint8Array(4)], "BAD_MESSAGE", /audio came before hello/],
    ["end before hello", [{ type: "end" }], "BAD_MESSAGE", /end came before hello/],
    ["hello twice", [HI, HI], "BAD_MESSAGE", /hello came twice/],
    ["another version", [{ ...HI, version: 2 }], "BAD_MESSAGE", /version/],
    ["a misspelt field", [{ ...HI, sampelRateHz: 16_000 }], "BAD_MESSAGE", /sampelRateHz/],
    [
      "audio as JSON",
      [{ ...HI, audio: Array.from({ length: 40_000 }, () => 1) }],
      "BAD_MESSAGE",
      /binary messages/,
    ],
    ["a rate that is none", [{ ...HI, sampleRateHz: -1 }], "BAD_MESSAGE", /sampleRateHz/],
    ["an unknown model", [{ ...HI, models: ["helo"] }], "MODEL_NOT_FOUND", /did you mean "hello"/],
    ["no curve", [{ ...HI, sensitivity: { falseAlarmsPerDay: 1 } }], "BAD_MESSAGE", /no curve/],
    [
      "NaN",
      [{ ...HI, encoding: "f32le" }, f32(Float32Array.of(1, Number.NaN))],
      "AUDIO_INVALID",
      /sample 1 of 2/,
    ],
    [
      "audio beyond all scale",
      [{ ...HI, encoding: "f32le" }, f32(new Float32Array(4000).fill(3e38))],
      "AUDIO_INVALID",
      /./,
    ],
    ["JSON that is a list", [[1]], "BAD_MESSAGE", /message/],
  ])("%s", async (_, messages, code, text) => {
    const other = await greet(served.socketUrl);
    const client = await new SocketClient(served.socketUrl).open();
    for (const message of messages) client.send(message);
    const error = await client.heard("error");
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect((await client.closed).code).toBeGreaterThan(1000);
    // The other one never notices.
    await play(other, s16(SAMPLES));
    const wanted = (await expected()).flatMap((step) => step.detections);
    expect(other.of("detection")).toEqual(wanted.map((one) => ({ type: "detection", ...one })));
  });

  it("text that is no JSON", async () => {
    const client = await new SocketClient(served.socketUrl).open();
    client.socket.send("hello?");
    expect(await client.heard("error")).toMatchObject({ code: "BAD_MESSAGE" });
    await client.closed;
  });

  it("a message beyond the limit", async () => {
    const client = await greet(served.socketUrl);
    client.send(new Uint8Array(1024 * 1024 + 1));
    expect((await client.closed).code).toBe(1009);
    expect(served.server.metrics.streams).toBe(0);
  });
});

describe("limits", () => {
  it("drops who says nothing, and who stays too long", async () => {
    const brief = await serveSet({ limits: { idleSeconds: 0.5 } });
    const idle = await greet(brief.socketUrl);
    expect(await idle.heard("error")).toMatchObject({ code: "IDLE" });
    await idle.closed;
    await brief.close();
    const short = await serveSet({ limits: { totalSeconds: 0.5 } });
    const busy = await greet(short.socketUrl);
    const talk = setInterval(() => busy.send({ type: "reset" }), 10);
    expect(await busy.heard("error")).toMatchObject({ code: "TOTAL_TIME" });
    clearInterval(talk);
    await short.close();
  });

  it("takes as many streams as it may, over both protocols, and again when one has left", async () => {
    const small = await serveSet({ limits: { streams: 1 } });
    const first = await greet(small.socketUrl);
    const second = new SocketClient(small.socketUrl);
    expect(await second.closed).toMatchObject({ code: 1006 });
    expect((await fetch(`${small.httpUrl}/health`)).status).toBe(200);
    expect(await (await fetch(`${small.httpUrl}/metrics`)).text()).toContain(
      'callsign_refused_total{reason="streams"} 1',
    );
    first.socket.close();
    await first.closed;
    (await greet(small.socketUrl)).socket.close();
    await small.close();
  });

  it("slows down who sends faster than allowed, and loses nothing", async () => {
    const slow = await serveSet({
      limits: { audioFactor: 50, audioBurstSeconds: 1, messagesPerSecond: 2000 },
    });
    const client = await greet(slow.socketUrl, { scores: true, models: ["hello"] });
    await play(client, s16(SAMPLES));
    expect(client.of("scores")).toHaveLength(62);
    await slow.close();
  });

  it("tells and drops who does not read, and nobody else notices", async () => {
    const strict = await serveSet({
      limits: {
        unreadBytes: 20_000,
        unreadSeconds: 0.1,
        audioFactor: 1e6,
        audioBurstSeconds: 1e6,
        messagesPerSecond: 1e6,
      },
    });
    const [reader, stalled] = [
      await greet(strict.socketUrl, { scores: true }),
      await greet(strict.socketUrl, { audioSeconds: 10 }),
    ];
    stalled.socket.pause();
    stalled.send(s16(noise(16_000 * 10)));
    // The system's own buffers take some megabytes before anything counts as unread.
    const ask = { type: "audio", fromMs: 0, toMs: 10_000 };
    for (let i = 0; strict.server.metrics.streams === 2 && i < 300; i++) {
      stalled.send(ask);
      reader.send(s16(SAMPLES.subarray(0, 1280)));
      await sleep(2);
    }
    expect(strict.records.filter(({ reason }) => reason === "SLOW_READER")).toHaveLength(1);
    reader.send({ type: "end" });
    await reader.heard("end");
    stalled.socket.resume();
    await stalled.closed;
    await strict.close();
  });
});

describe("the door", () => {
  it("wants the token, in hello or in the upgrade, and for the metrics", async () => {
    const locked = await serveSet({ token: "open-sesame" });
    const without = await new SocketClient(locked.socketUrl).open();
    without.send({ type: "hello", version: 1 });
    expect(await without.heard("error")).toMatchObject({ code: "UNAUTHORIZED" });
    const wrong = new SocketClient(locked.socketUrl, { headers: { authorization: "Bearer open" } });
    expect(await wrong.closed).toMatchObject({ code: 1006 });
    (await greet(locked.socketUrl, { token: "open-sesame" })).socket.close();
    const right = await new SocketClient(locked.socketUrl, {
      headers: { authorization: "Bearer open-sesame" },
    }).open();
    right.send({ type: "hello", version: 1 });
    await right.heard("ready");
    right.socket.close();
    expect((await fetch(`${locked.httpUrl}/metrics`)).status).toBe(401);
    const headers = { authorization: "Bearer open-sesame" };
    expect((await fetch(`${locked.httpUrl}/metrics`, { headers })).status).toBe(200);
    expect(JSON.stringify(locked.records)).not.toContain("open-sesame");
    await locked.close();
  });

  it("lets in pages of this machine and those named, no others", async () => {
    const open = await serveSet({ origins: ["https://app.example"] });
    for (const origin of ["http://localhost:5173", "http://127.0.0.1", "https://app.example"])
      (await new SocketClient(open.socketUrl, { origin }).open()).socket.close();
    for (const origin of ["https://evil.example", "null", "http://localhost.evil.example"])
      expect(await new SocketClient(open.socketUrl, { origin }).closed).toMatchObject({ code: 1006 });
    await open.close();
  });

  it("is loopback's unless told otherwise, and then wants a token", async () => {
    expect(served.server.http?.address).toBe("127.0.0.1");
    await expect(serveSet({ http: { host: "0.0.0.0", port: 0 } })).rejects.toThrow(/give a token/);
    await expect(serveSet({ http: { port: served.server.http!.port } })).rejects.toThrow(
      /SERVE|another program listens/,
    );
    await expect(serveSet({ http: { port: 70_000 } })).rejects.toThrow(/port 0 to 65535, got 70000/);
    await expect(serveSet({ limits: { streams: 0 } })).rejects.toThrow(
      /limit streams: expected a number above 0/,
    );
  });
});

describe("health, metrics and the end", () => {
  it("counts what was done", async () => {
    const client = await greet(served.socketUrl);
    await play(client, s16(SAMPLES));
    const steps = await expected();
    const metrics = await (await fetch(`${served.httpUrl}/metrics`)).text();
    const value = (name: string): number =>
      Number(
        metrics
          .split("\n")
          .find((line) => line.startsWith(`${name} `))
          ?.split(" ")[1],
      );
    expect(value("callsign_steps_total")).toBe(steps.length);
    expect(value("callsign_audio_seconds_total")).toBeCloseTo(5, 5);
    expect(value("callsign_step_latency_seconds_count")).toBe(steps.length);
    const detections = steps.flatMap((step) => step.detections).filter(({ label }) => label === "hello");
    expect(value('callsign_detections_total{model="hello",label="hello"}')).toBe(detections.length);
    expect(value('callsign_streams{protocol="websocket"}')).toBe(0);
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e7);
    expect(await (await fetch(`${served.httpUrl}/health`)).json()).toMatchObject({
      status: "ok",
      models: ["hello", "world"],
    });
    expect((await fetch(`${served.httpUrl}/`)).status).toBe(404);
    expect((await fetch(`${served.httpUrl}/health`, { method: "POST", body: "x" })).status).toBe(405);
  });

  it("says goodbye to all when it stops", async () => {
    const own = await serveSet();
    const client = await greet(own.socketUrl);
    await own.server.close();
    expect(client.of("error")).toMatchObject([{ code: "SHUTDOWN" }]);
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(own.records.map(({ event }) => event)).toEqual([
      "listening",
      "connected",
      "stopping",
      "disconnected",
      "stopped",
    ]);
    await own.set.dispose();
  });
});
