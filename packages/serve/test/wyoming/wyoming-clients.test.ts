import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noise } from "../../../../test-support/noise.ts";
import { type ServedSet, serveSet } from "../support/serve-set.ts";
import { WyomingTestClient } from "../support/wyoming-test-client.ts";

/*
 * What real clients send, in the order and the bytes that they send it: recorded between `callsign serve` and
 * wyoming-satellite 1.4 (wyoming 1.5.4), Home Assistant's wake word entity and info loader, and the HTTP wake server of
 * wyoming 1.9, with other names and audio.
 */
const DESCRIBE = '{"type": "describe", "version": "1.9.0"}\n';
const START = event("audio-start", '{"rate": 16000, "width": 2, "channels": 1, "timestamp": null}');
const STOP = event("audio-stop", '{"timestamp": null}');
const detect = (names: string) => event("detect", `{"names": ${names}}`);
const chunk = (bytes: Uint8Array, timestampMs: number | null) =>
  event("audio-chunk", `{"rate": 16000, "width": 2, "channels": 1, "timestamp": ${timestampMs}}`, bytes);

function event(type: string, data: string, payload?: Uint8Array): Buffer {
  const lengths = `"data_length": ${Buffer.byteLength(data)}${payload ? `, "payload_length": ${payload.length}` : ""}`;
  const head = Buffer.from(`{"type": "${type}", "version": "1.9.0", ${lengths}}\n${data}`);
  return payload === undefined ? head : Buffer.concat([head, payload]);
}

const SAMPLES = noise(64_000);
const PCM = Buffer.from(Int16Array.from(SAMPLES, (sample) => sample).buffer);

/** The audio as chunks of 64 ms, stamped with the client's clock or not at all. */
function chunks(startMs: number | null, from = 0, to = PCM.length): Buffer[] {
  const sent: Buffer[] = [];
  for (let at = from; at < to; at += 2048)
    sent.push(chunk(PCM.subarray(at, Math.min(at + 2048, to)), startMs === null ? null : startMs + at / 32));
  return sent;
}

/** For a busy machine. */

let served: ServedSet;
beforeEach(async () => {
  served = await serveSet();
});
afterEach(() => served.close());

const connect = () => new WyomingTestClient(served.wyomingPort).open();
const send = (client: WyomingTestClient, ...parts: (Buffer | string)[]): void => {
  for (const part of parts) client.socket.write(part);
};
const detectionsOf = (client: WyomingTestClient) =>
  client.events.filter(({ type }) => type === "detection").map(({ data }) => data);

/** What the library detects in the audio, under the names that a client asked for. */
async function expected(names: Record<string, string>, startMs = 0) {
  const steps = await served.set.open().push(SAMPLES);
  return steps
    .flatMap((step) => step.detections)
    .filter(({ label }) => label in names)
    .map(({ label, timestampMs }) => ({ name: names[label], timestamp: timestampMs + startMs }));
}

async function end(client: WyomingTestClient): Promise<void> {
  client.socket.end();
  await client.closed;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a satellite with its own wake word service", () => {
  it("keeps one connection through commands, pauses and questions", async () => {
    await served.close();
    served = await serveSet({ limits: { idleSeconds: 0.4 } });
    const satellite = await connect();
    send(satellite, DESCRIBE);
    await satellite.heard("info");
    const stranger = await connect();
    const asked = [detect('["Hello_v2", "okay_nabu"]'), START];
    // On connecting and again when Home Assistant starts the satellite, whose microphone has been running for a while.
    send(satellite, ...asked, ...chunks(0, 0, 4096), ...asked, ...chunks(7000));
    const first = await expected({ hello: "Hello_v2" }, 7000);
    expect(first.length).toBeGreaterThan(2);
    await expect.poll(() => detectionsOf(satellite)).toEqual(first);
    // It streams to Home Assistant, then is paused: nothing comes for longer than the idle limit.
    await stranger.closed;
    expect(stranger.events).toMatchObject([{ type: "error", data: { code: "IDLE" } }]);
    await pause(500);
    send(satellite, ...asked, DESCRIBE, ...asked, ...chunks(90_000));
    const again = await expected({ hello: "Hello_v2" }, 90_000);
    await expect.poll(() => detectionsOf(satellite)).toEqual([...first, ...again]);
    const others = satellite.events.filter(({ type }) => type !== "detection");
    expect(others.map(({ type }) => type)).toEqual(["info", "info"]);
    const warnings = served.records.filter(({ event: what }) => what === "unknown wake word");
    expect(warnings).toMatchObject([{ level: "warn", names: ["okay_nabu"] }]);
    await end(satellite);
  });

  it("counts its muted microphone's silence in the times", async () => {
    const satellite = await connect();
    const half = PCM.length / 2;
    send(satellite, detect('["hello"]'), START, ...chunks(1000, 0, half), ...chunks(61_000, half), STOP);
    await end(satellite);
    const wanted = await expected({ hello: "hello" }, 1000);
    const halfMs = 1000 + half / 32;
    expect(detectionsOf(satellite)).toEqual(
      wanted.map((one) => ({ ...one, timestamp: one.timestamp + (one.timestamp > halfMs ? 60_000 : 0) })),
    );
    expect(wanted.at(-1)!.timestamp).toBeGreaterThan(halfMs);
  });
});

it("a pair of streams may send nothing at first, and ends with its input", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  await served.close();
  served = await serveSet({ limits: { idleSeconds: 0.05 }, wyomingPair: { input, output } });
  await pause(150);
  input.end(Buffer.concat([detect('["hello"]'), START, ...chunks(null), STOP]));
  const text = Buffer.concat(await output.toArray()).toString();
  await served.server.pairClosed;
  expect(text.match(/"type":"[a-z-]+"/g)).toEqual(
    (await expected({ hello: "hello" })).map(() => '"type":"detection"'),
  );
});

describe("Home Assistant", () => {
  it("sends describe, then receives the requested wake word and disconnects", async () => {
    const loader = await connect();
    send(loader, DESCRIBE);
    const [{ models }] = (await loader.heard("info")).data.wake as [{ models: { name: string }[] }];
    await end(loader);
    for (const id of [...models.slice(0, 1).map(({ name }) => name), "HELLO", "hello_v0.1"]) {
      const entity = await connect();
      send(entity, detect(`["${id}"]`), START, ...chunks(0, 0, PCM.length / 2));
      await entity.heard("detection");
      entity.socket.destroy();
      expect(detectionsOf(entity)[0]).toEqual((await expected({ hello: id }))[0]);
    }
  });

  it("receives every wake word if it requested none, or only unknown ones", async () => {
    for (const names of ["null", "[]", '["okay_nabu"]']) {
      const entity = await connect();
      send(entity, detect(names), START, ...chunks(0));
      await end(entity);
      expect(detectionsOf(entity)).toEqual(
        await expected({ hello: "hello", one: "world/one", two: "world/two" }),
      );
    }
  });
});

describe("a client of files", () => {
  it("gets a detection, or not-detected for every stop, with or without audio", async () => {
    const client = await connect();
    send(client, STOP);
    await expect.poll(() => client.events.length).toBe(1);
    const start = event("audio-start", '{"rate": 16000, "width": 2, "channels": 1, "timestamp": 0}');
    send(
      client,
      start,
      STOP,
      detect('["two"]'),
      start,
      ...chunks(0),
      event("audio-stop", '{"timestamp": 4000}'),
    );
    await expect.poll(() => client.events.length).toBe(3);
    send(client, detect('["Hello"]'), start, ...chunks(0), STOP, STOP);
    await end(client);
    expect(client.events.slice(0, 3).map(({ type }) => type)).toEqual(Array(3).fill("not-detected"));
    expect(client.events.slice(3).map(({ data }) => data)).toEqual(await expected({ hello: "Hello" }));
  });

  it("has the client's time again in audio that follows a stop without a start", async () => {
    const client = await connect();
    send(client, detect('["hello"]'), START, ...chunks(50_000), STOP, ...chunks(null), STOP);
    await end(client);
    expect(detectionsOf(client)).toEqual([
      ...(await expected({ hello: "hello" }, 50_000)),
      ...(await expected({ hello: "hello" })),
    ]);
  });
});

describe("a detect in mid-stream", () => {
  const half = PCM.length / 2;
  const timesOf = (client: WyomingTestClient) =>
    detectionsOf(client).map(({ timestamp }) => timestamp as number);

  it("changes the names and neither the audio nor its clock", async () => {
    const client = await connect();
    send(client, START, ...chunks(3000, 0, half), detect('["Hello"]'), ...chunks(3000, half));
    await end(client);
    const wanted = await expected({ hello: "hello", one: "world/one", two: "world/two" }, 3000);
    const turnMs = 3000 + half / 32;
    expect(detectionsOf(client)).toEqual([
      ...wanted.filter(({ timestamp }) => timestamp <= turnMs),
      ...wanted
        .filter(({ name, timestamp }) => timestamp > turnMs && name === "hello")
        .map((one) => ({ ...one, name: "Hello" })),
    ]);
  });

  it("opens additional models from there on", async () => {
    const client = await connect();
    send(
      client,
      detect('["two"]'),
      START,
      ...chunks(3000, 0, half),
      detect('["hello"]'),
      ...chunks(null, half),
    );
    await end(client);
    const turnMs = 3000 + half / 32;
    expect(timesOf(client).length).toBeGreaterThan(0);
    expect(Math.min(...timesOf(client))).toBeGreaterThan(turnMs);
    expect(Math.max(...timesOf(client))).toBeLessThanOrEqual(3000 + PCM.length / 32);
  });
});

it("takes the format from the chunk or the start, and a change of format between chunks", async () => {
  const client = await connect();
  const stereo = Buffer.alloc(PCM.length * 2);
  for (let at = 0; at < PCM.length; at += 2)
    for (const channel of [0, 2]) PCM.copy(stereo, 2 * at + channel, at, at + 2);
  send(client, detect('["hello"]'), event("audio-start", '{"timestamp": 5000}'), ...chunks(null));
  const asStereo = '{"rate": 16000, "width": 2, "channels": 2}';
  for (let at = 0; at < stereo.length; at += 4096)
    send(client, event("audio-chunk", asStereo, stereo.subarray(at, at + 4096)));
  send(client, event("audio-start", asStereo), event("audio-chunk", "{}", stereo));
  await end(client);
  const lengthMs = PCM.length / 32;
  expect(detectionsOf(client)).toEqual([
    ...(await expected({ hello: "hello" }, 5000)),
    ...(await expected({ hello: "hello" }, 5000 + lengthMs)),
    ...(await expected({ hello: "hello" })),
  ]);
});
