import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type ServedSet, serveSet } from "../support/serve-set.ts";
import { greet, SocketClient } from "../support/socket-client.ts";
import { WyomingTestClient } from "../support/wyoming-test-client.ts";

let served: ServedSet;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await served.close();
});

/** A bare connection to the server's HTTP port that has sent `bytes` and sends no more unless told. */
async function rawConnect(bytes: string | Buffer = "", options: { allowHalfOpen?: boolean } = {}) {
  const socket = connect({ port: served.server.http!.port, host: "127.0.0.1", ...options });
  sockets.push(socket);
  const text: Buffer[] = [];
  socket.on("data", (data) => text.push(data)).on("error", () => undefined);
  // `once` rejects at an error, such as a reset, which closes the socket as well.
  const closed = once(socket, "close").catch(() => undefined);
  await once(socket, "connect");
  socket.write(bytes);
  return { socket, closed, text: () => Buffer.concat(text).toString("latin1") };
}

const UPGRADE =
  "GET /v1/stream HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
  "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/** A WebSocket frame of a client; `reserved` sets a bit that must be clear. */
function frame(opcode: number, payload = Buffer.alloc(0), { reserved = 0 } = {}): Buffer {
  // Masked with zeros: the payload is as it is.
  return Buffer.concat([Buffer.of(0x80 | reserved | opcode, 0x80 | payload.length, 0, 0, 0, 0), payload]);
}
const [TEXT, CLOSE, PING] = [1, 8, 9];

describe("clients before hello", () => {
  it("are disconnected in time despite pings, and take no stream", async () => {
    served = await serveSet({ token: "secret", limits: { streams: 2, helloSeconds: 1 } });
    const strangers = [1, 2, 3, 4].map(() => new SocketClient(served.socketUrl));
    await Promise.all(strangers.map((stranger) => stranger.open()));
    const pings = setInterval(() => {
      for (const { socket } of strangers) if (socket.readyState === socket.OPEN) socket.ping();
    }, 20);
    const honest = await greet(served.socketUrl, { token: "secret" });
    const health = (await (await fetch(`${served.httpUrl}/health`)).json()) as { streams: number };
    expect(health.streams).toBe(1);
    for (const stranger of strangers) {
      expect(await stranger.heard("error")).toEqual({
        type: "error",
        code: "NO_HELLO",
        message: "expected hello within 1 s, got none",
      });
      expect(await stranger.closed).toMatchObject({ code: 1008, reason: "NO_HELLO" });
    }
    clearInterval(pings);
    // The deadline is not for one that said hello.
    expect(honest.socket.readyState).toBe(honest.socket.OPEN);
    const refused = await new SocketClient(served.socketUrl).open();
    refused.send({ type: "hello", version: 1, token: "guess" });
    expect(await refused.heard("error")).toMatchObject({ code: "UNAUTHORIZED" });
    expect(served.server.metrics.streams).toBe(1);
  });

  it("are closed, oldest first, when there are too many", async () => {
    served = await serveSet({ limits: { waitingConnections: 4, helloSeconds: 60 } });
    const strangers = [
      await rawConnect(),
      await rawConnect("GET /v1/stream HTTP/1.1\r\nx: "),
      await rawConnect(UPGRADE),
      await rawConnect(Buffer.concat([Buffer.from(UPGRADE), frame(PING), frame(PING)])),
    ];
    const honest = await greet(served.socketUrl);
    await strangers[0]!.closed;
    for (let more = 0; more < 8; more++) strangers.push(await rawConnect(UPGRADE));
    await Promise.all(strangers.slice(1, 8).map(({ closed }) => closed));
    expect(strangers.filter(({ socket }) => !socket.destroyed)).toHaveLength(4);
    honest.send({ type: "end" });
    await honest.heard("end");
    expect(await served.server.metrics.render()).toContain('callsign_refused_total{reason="waiting"} 8');
  });

  it("over Wyoming: pings take no stream and do not count as activity", async () => {
    served = await serveSet({ limits: { streams: 1, idleSeconds: 1 } });
    const stranger = await new WyomingTestClient(served.wyomingPort).open();
    const pings = setInterval(() => stranger.send("ping"), 20);
    await stranger.heard("pong");
    const honest = await new WyomingTestClient(served.wyomingPort).open();
    honest.send("describe");
    await honest.heard("info");
    expect((await stranger.heard("error")).data).toMatchObject({ code: "IDLE" });
    clearInterval(pings);
  });

  it("are rejected if the last stream is taken between connection and hello", async () => {
    served = await serveSet({ limits: { streams: 1 } });
    const [first, second] = [
      await new SocketClient(served.socketUrl).open(),
      await new SocketClient(served.socketUrl).open(),
    ];
    second.send({ type: "hello", version: 1 });
    await second.heard("ready");
    first.send({ type: "hello", version: 1 });
    expect(await first.heard("error")).toMatchObject({ code: "BUSY" });
    expect(await first.closed).toMatchObject({ code: 1013 });
  });
});

describe("broken and hostile connections", () => {
  it("a request that never ends is closed, with or without a first byte", async () => {
    served = await serveSet({ limits: { helloSeconds: 0.5 } });
    const slow = [await rawConnect(), await rawConnect("GET /health HTTP/1.1\r\nx: ")];
    const trickle = setInterval(() => slow[1]!.socket.write("y"), 20);
    await Promise.all(slow.map(({ closed }) => closed));
    clearInterval(trickle);
    expect((await fetch(`${served.httpUrl}/health`)).status).toBe(200);
  });

  it("invalid frames are answered with their close code", async () => {
    served = await serveSet();
    const broken: [string, Buffer, number][] = [
      ["text that is not UTF-8", frame(TEXT, Buffer.of(0x22, 0xff, 0xfe, 0x22)), 1007],
      ["a reserved bit", frame(TEXT, Buffer.of(1), { reserved: 0x40 }), 1002],
      ["an unknown kind of frame", frame(3), 1002],
      ["a frame that is not masked", Buffer.of(0x81, 1, 0x31), 1002],
      ["a close with a code that is none", frame(CLOSE, Buffer.of(0, 1)), 1002],
    ];
    for (const [what, bytes, code] of broken) {
      const client = await rawConnect(Buffer.concat([Buffer.from(UPGRADE), bytes]));
      const closeFrame = (): string => client.text().split("\r\n\r\n")[1] ?? "";
      await expect.poll(() => closeFrame().length).toBeGreaterThanOrEqual(4);
      expect(Buffer.from(closeFrame(), "latin1").readUInt16BE(2), what).toBe(code);
    }
    expect(served.records.filter(({ reason }) => reason === "BAD_MESSAGE")).toHaveLength(broken.length);
  });

  it("clients that repeatedly disconnect while their stream opens leak nothing", async () => {
    served = await serveSet();
    for (let round = 0; round < 8; round++) {
      const storm = Array.from({ length: 4 }, () => new SocketClient(served.socketUrl));
      await Promise.all(
        storm.map(async (client) => {
          await client.open();
          client.send({ type: "hello", version: 1 });
          client.send(new Uint8Array(32_000));
          if (round % 2 === 0) client.socket.terminate();
          else client.socket.close();
          await client.closed;
        }),
      );
    }
    await expect.poll(() => served.server.metrics.streams).toBe(0);
    (await greet(served.socketUrl)).socket.close();
    expect(served.records.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("do not delay shutdown: half-open, mid-request, before hello, not reading, not answering", async () => {
    served = await serveSet({ origins: [], limits: { streams: 2, helloSeconds: 600 } });
    const deaf = await greet(served.socketUrl);
    deaf.socket.pause();
    const half = { allowHalfOpen: true };
    await rawConnect(UPGRADE.replace("/v1/stream", "/elsewhere"), half);
    await rawConnect("GET /health HTTP/1.1\r\nx: ");
    await rawConnect();
    await rawConnect(UPGRADE, half);
    (await rawConnect(UPGRADE, half)).socket.end();
    await rawConnect(Buffer.concat([Buffer.from(UPGRADE), frame(3)]), half);
    await expect.poll(() => served.records.some(({ event }) => event === "refused")).toBe(true);
    await sleep(50);
    await served.server.close();
    deaf.socket.terminate();
    expect(served.records.at(-1)).toMatchObject({ event: "stopped" });
  });
});
