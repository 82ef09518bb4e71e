import { setTimeout as sleep } from "node:timers/promises";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { seededRandom } from "../../../../test-support/random.ts";

export interface FuzzOptions {
  readonly messages: number;
  readonly seed: number;
  readonly socketUrl: string;
  readonly wyomingPort: number;
}

export interface FuzzCount {
  readonly websocket: number;
  readonly wyoming: number;
  readonly connections: number;
}

/**
 * Sends a server hostile messages over both protocols, alternating, some connections at a time: valid ones mutated, cut,
 * repeated, out of order; wrong lengths and types; raw bytes; clients that vanish. What is sent is drawn from the seed;
 * what the server has cut off already is not counted.
 */
export async function fuzzServer(options: FuzzOptions): Promise<FuzzCount> {
  const random = seededRandom(options.seed);
  const count = { websocket: 0, wyoming: 0, connections: 0 };
  const half = Math.ceil(options.messages / 2);
  const attack = async (kind: "websocket" | "wyoming"): Promise<void> => {
    const visit = kind === "websocket" ? visitWebSocket : visitWyoming;
    while (count[kind] < half) {
      count.connections++;
      const most = Math.min(1 + Math.floor(random() * 40), half - count[kind]);
      count[kind] += await visit(options, { random, most });
    }
  };
  await Promise.all(Array.from({ length: 4 }, (_, i) => attack(i % 2 === 0 ? "websocket" : "wyoming")));
  return count;
}

interface Visit {
  readonly random: () => number;
  readonly most: number;
}

async function visitWebSocket({ socketUrl }: FuzzOptions, { random, most }: Visit): Promise<number> {
  const socket = new WebSocket(socketUrl);
  socket.on("error", () => undefined);
  const closed = once(socket, "close");
  await Promise.race([once(socket, "open").catch(() => undefined), closed]);
  if (random() < 0.7)
    socket.send(JSON.stringify({ type: "hello", version: 1, encoding: pick(random, ["s16le", "f32le"]) }));
  let sent = 0;
  for (; sent < most && socket.readyState === WebSocket.OPEN; sent++) {
    if (random() < 0.4) socket.send(randomBytes(random, Math.floor(random() * 3000)));
    else if (random() < 0.1) wireOf(socket).write(randomBytes(random, 40));
    else socket.send(mutate(random, JSON.stringify(pick(random, WEBSOCKET_MESSAGES))));
    if (random() < 0.1) await sleep(0);
  }
  if (random() < 0.3) socket.terminate();
  else socket.close();
  await closed;
  return sent;
}

/** The connection under a WebSocket, to break its framing. */
const wireOf = (socket: WebSocket): Socket => Reflect.get(socket, "_socket") as Socket;

async function visitWyoming({ wyomingPort }: FuzzOptions, { random, most }: Visit): Promise<number> {
  const socket = connect({ port: wyomingPort, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  socket.resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await Promise.race([once(socket, "connect").catch(() => undefined), closed]);
  let sent = 0;
  for (; sent < most && socket.writable; sent++) {
    socket.write(wyomingMessage(random));
    if (random() < 0.1) await sleep(0);
  }
  if (random() < 0.3) socket.resetAndDestroy();
  else socket.end();
  await closed;
  return sent;
}

const WEBSOCKET_MESSAGES: readonly unknown[] = [
  { type: "hello", version: 1 },
  { type: "hello", version: 1, models: ["hello", "nobody"], sampleRateHz: 44_100, channels: 2 },
  { type: "hello", version: 1, sensitivity: { threshold: 0.5 }, audioSeconds: 3, scores: true },
  { type: "hello", version: -1e300, sampleRateHz: "16000", models: [[[]]], token: null },
  { type: "reset" },
  { type: "audio", fromMs: 0, toMs: 1000 },
  { type: "audio", fromMs: -5, toMs: 1e308 },
  { type: "end" },
  { type: "__proto__", constructor: { prototype: 1 } },
  [1, [2, [3]]],
  "text",
  null,
  0,
];

const WYOMING_EVENTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ["describe", {}],
  ["detect", { names: ["hello"] }],
  ["detect", { names: ["world/one", "nobody"] }],
  ["detect", { names: "hello" }],
  ["audio-start", { rate: 16_000, width: 2, channels: 1 }],
  ["audio-start", { rate: 44_100, width: 3, channels: 2, timestamp: 1e300 }],
  ["audio-chunk", { rate: 16_000, width: 2, channels: 1 }],
  ["audio-chunk", { rate: 22_050, width: 4, channels: 8 }],
  ["audio-chunk", { rate: 1e9, width: 0, channels: -1 }],
  ["audio-stop", {}],
  ["ping", { text: "x" }],
  ["__proto__", { __proto__: null, toString: 1 }],
];

function wyomingMessage(random: () => number): Buffer {
  const [type, data] = pick(random, WYOMING_EVENTS);
  const payload = type === "audio-chunk" ? randomBytes(random, Math.floor(random() * 3000)) : Buffer.alloc(0);
  const body = random() < 0.5 ? Buffer.from(JSON.stringify(data)) : Buffer.alloc(0);
  const wrong = random() < 0.1 ? pick<unknown>(random, [2 ** 30, -1, 1.5, "7", null, 1e300, 3]) : undefined;
  const header = {
    type,
    ...(body.length === 0 && { data }),
    data_length: body.length,
    payload_length: wrong === undefined ? payload.length : wrong,
  };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  const whole = Buffer.concat([line, body, payload]);
  if (random() < 0.05) return whole.subarray(0, Math.floor(random() * whole.length));
  return random() < 0.1 ? mutate(random, whole) : whole;
}

/** Some bytes changed, some left out, some doubled; half of the time nothing. */
function mutate(random: () => number, original: Buffer): Buffer;
function mutate(random: () => number, original: string): string;
function mutate(random: () => number, original: Buffer | string): Buffer | string {
  if (random() < 0.5) return original;
  const bytes = Buffer.from(original);
  for (let i = 0; i < 1 + random() * 4; i++)
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  const [a, b] = [random(), random()]
    .map((share) => Math.floor(share * bytes.length))
    .toSorted((x, y) => x - y);
  const changed = random() < 0.3 ? Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)]) : bytes;
  return typeof original === "string" ? changed.toString() : changed;
}

function randomBytes(random: () => number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = Math.floor(random() * 256);
  return bytes;
}

const pick = <Value>(random: () => number, values: readonly Value[]): Value =>
  values[Math.floor(random() * values.length)]!;
