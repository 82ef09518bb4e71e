import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noise } from "../../support/noise.ts";
import { type ServedSet, serveSet } from "../../support/serve-set.ts";
import { WyomingTestClient } from "../../support/wyoming-test-client.ts";

let served: ServedSet;
beforeEach(async () => {
  served = await serveSet();
});
afterEach(() => served.close());

const SAMPLES = noise(80_000);
const FORMAT = { rate: 16_000, width: 2, channels: 1 };
const connect = () => new WyomingTestClient(served.wyomingPort).open();

/** The samples as a Wyoming client with another sample width has them. */
function toBytes(samples: Float32Array, width: number): Uint8Array {
  const bytes = Buffer.alloc(samples.length * width);
  for (const [i, sample] of samples.entries())
    bytes.writeIntLE(sample * 256 ** (width - 2), i * width, width);
  return bytes;
}

function play(client: WyomingTestClient, samples = SAMPLES, format = FORMAT, size = 2046): void {
  const bytes = toBytes(samples, format.width);
  client.send("audio-start", { ...format, timestamp: 0 });
  for (let at = 0; at < bytes.length; at += size)
    client.send("audio-chunk", { ...format, timestamp: 0 }, bytes.subarray(at, at + size));
  client.send("audio-stop", { timestamp: 0 });
}

async function expected(names: Record<string, string>, samples = SAMPLES) {
  const steps = await (await served.set.open()).push(samples);
  return steps
    .flatMap((step) => step.detections)
    .filter(({ label }) => label in names)
    .map(({ label, timestampMs }) => ({ name: names[label], timestamp: timestampMs }));
}

const detectionsOf = (client: WyomingTestClient) =>
  client.events.filter(({ type }) => type === "detection").map(({ data }) => data);

/** Waits until all that was sent has been answered: pings are answered at once, so an end of the connection it is. */
async function end(client: WyomingTestClient): Promise<void> {
  client.socket.end();
  await client.closed;
}

describe("Wyoming", () => {
  it("describes itself as a wake-word service, as Home Assistant asks", async () => {
    const client = await connect();
    client.send("describe");
    const { data } = await client.heard("info");
    expect(Object.keys(data).toSorted()).toEqual(["asr", "handle", "intent", "mic", "snd", "tts", "wake"]);
    const [program] = data.wake as Record<string, unknown>[];
    expect(program).toMatchObject({
      name: "callsign",
      installed: true,
      attribution: { name: "Callsign", url: "" },
    });
    const models = program!.models as Record<string, unknown>[];
    expect(models.map(({ name, phrase }) => [name, phrase])).toEqual([
      ["hello", "Hello"],
      ["world/one", "One"],
      ["world/two", "Two"],
    ]);
    for (const model of models)
      expect(model).toMatchObject({ installed: true, languages: [], attribution: { name: "Callsign" } });
    client.send("ping", { text: "still there?" });
    expect(await client.heard("pong")).toEqual({ type: "pong", data: { text: "still there?" } });
    await end(client);
  });

  it.each([2, 3, 4])(
    "detects what the library detects, at the same times: %d bytes a sample",
    async (width) => {
      const client = await connect();
      client.send("detect", { names: ["hello"] });
      play(client, SAMPLES, { ...FORMAT, width });
      await end(client);
      const wanted = await expected({ hello: "hello" });
      expect(wanted.length).toBeGreaterThan(2);
      expect(detectionsOf(client)).toEqual(wanted);
      expect(client.events.some(({ type }) => type === "not-detected")).toBe(false);
    },
  );

  it("listens for all without names, counts from the client's own time, and takes data in the header", async () => {
    const client = await connect();
    const header = { type: "audio-start", data: { ...FORMAT, timestamp: 5000 } };
    client.socket.write(`${JSON.stringify(header)}\n`);
    client.send("audio-chunk", FORMAT, toBytes(SAMPLES, 2));
    await end(client);
    const wanted = await expected({ hello: "hello", one: "world/one", two: "world/two" });
    expect(new Set(wanted.map(({ name }) => name)).size).toBe(2);
    expect(detectionsOf(client)).toEqual(wanted.map((one) => ({ ...one, timestamp: one.timestamp + 5000 })));
  });

  it("says so when nothing was detected, and starts afresh with every stream", async () => {
    const client = await connect();
    client.send("detect", { names: ["world/two"] });
    play(client);
    await client.heard("not-detected");
    expect(detectionsOf(client)).toEqual([]);
    client.send("detect", { names: ["hello"] });
    play(client);
    play(client);
    await end(client);
    const wanted = await expected({ hello: "hello" });
    expect(detectionsOf(client)).toEqual([...wanted, ...wanted]);
  });

  it("takes any rate and channels, and audio without a start", async () => {
    const client = await connect();
    const stereo = new Int16Array(44_100 * 2 * 2).map((_, i) => 9000 * Math.sin(i / 30));
    client.send("audio-chunk", { rate: 44_100, width: 2, channels: 2 }, new Uint8Array(stereo.buffer));
    await end(client);
    // 25 steps in two seconds, of two models.
    expect(served.server.metrics.render()).toContain("callsign_steps_total 50");
  });

  it("ignores what it does not know", async () => {
    const client = await connect();
    client.send("transcribe", { language: "en" });
    client.send("something-of-tomorrow", {}, new Uint8Array(100));
    client.send("describe");
    await client.heard("info");
    await end(client);
    expect(client.events).toHaveLength(1);
  });
});

const raw = (text: string) => (client: WyomingTestClient) => void client.socket.write(text);
const sent = (type: string, data?: Record<string, unknown>) => (client: WyomingTestClient) =>
  client.send(type, data);

describe("a client that does wrong is told why and let go, and no other notices", () => {
  it.each<[string, (client: WyomingTestClient) => void, string, RegExp]>([
    ["no JSON", raw("hello\n"), "BAD_MESSAGE", /header is not JSON/],
    ["a list", raw("[]\n"), "BAD_MESSAGE", /no object/],
    ["no type", raw("{}\n"), "BAD_MESSAGE", /without a type/],
    [
      "a gigabyte claimed",
      raw('{"type":"audio-chunk","payload_length":1073741824}\n'),
      "BAD_MESSAGE",
      /1073741824/,
    ],
    ["a length below zero", raw('{"type":"audio-chunk","payload_length":-1}\n'), "BAD_MESSAGE", /got -1/],
    ["a length that is no number", raw('{"type":"x","data_length":"9"}\n'), "BAD_MESSAGE", /got "9"/],
    [
      "binary where JSON belongs",
      raw('{"type":"detect","data_length":4}\n\u0001\u0002\u0003\u0004'),
      "BAD_MESSAGE",
      /data is not JSON/,
    ],
    ["a header without end", raw("x".repeat(70_000)), "BAD_MESSAGE", /more than 65536 bytes/],
    [
      "a rate that is none",
      sent("audio-start", { ...FORMAT, rate: 0 }),
      "BAD_MESSAGE",
      /rate as an integer 8000 to 384000, got 0/,
    ],
    [
      "no width",
      sent("audio-chunk", { rate: 16_000 }),
      "BAD_MESSAGE",
      /expected width, channels, which neither/,
    ],
    ["names that are none", sent("detect", { names: [1] }), "BAD_MESSAGE", /list of texts/],
  ])("%s", async (_, wrong, code, text) => {
    const [client, other] = [await connect(), await connect()];
    wrong(client);
    const { data } = await client.heard("error");
    expect(data.code).toBe(code);
    expect(data.text).toMatch(text);
    await client.closed;
    play(other);
    await end(other);
    expect(detectionsOf(other)).toHaveLength((await expected({ hello: "", one: "", two: "" })).length);
    expect(served.server.metrics.streams).toBe(0);
  });

  it("one that vanishes in the middle of a header, of a payload, of its audio", async () => {
    for (const start of ['{"type":"audio-', '{"type":"audio-chunk","payload_length":1000}\nabc']) {
      const client = await connect();
      client.socket.write(start);
      client.send("audio-chunk", FORMAT, toBytes(SAMPLES, 2));
      client.socket.resetAndDestroy();
      await client.closed;
    }
    const health = async () =>
      ((await (await fetch(`${served.httpUrl}/health`)).json()) as { streams: number }).streams;
    await expect.poll(health).toBe(0);
  });

  it("more than may come at once", async () => {
    const small = await serveSet({ limits: { streams: 1 } });
    const first = await new WyomingTestClient(small.wyomingPort).open();
    first.send("describe");
    await first.heard("info");
    const second = await new WyomingTestClient(small.wyomingPort).open();
    expect((await second.heard("error")).data).toMatchObject({ code: "BUSY" });
    await second.closed;
    await small.server.close();
    expect((await first.heard("error")).data).toMatchObject({ code: "SHUTDOWN" });
    await small.close();
  });
});
