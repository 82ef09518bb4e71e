/**
 * `npx tsx --conditions=@callsign/source scripts/serve-load.ts [--streams N] [--minutes M] [--rate-hz R] [--message-samples S] [--model HEAD --embedding FILE --audio DIR]`:
 * runs `callsign serve` and streams recordings to it in real time, in messages of 80 ms at 16 kHz by default
 * (`--rate-hz 48000 --message-samples 128` is what a page's AudioWorklet sends), one client stalled (asks for kept
 * audio and reads nothing) and one flooding (sends as fast as it can). Prints the latency from an event's last audio to
 * its arrival, the server's CPU and memory and its slope. Needs the recordings in ../shared unless told of others.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { resample } from "@callsign/infer";
import { readAudioFile } from "@callsign/infer/node";
import { WebSocket } from "ws";
import { sharedPath } from "../test-support/shared-data.ts";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "200" },
    minutes: { type: "string", default: "10" },
    "rate-hz": { type: "string", default: "16000" },
    "message-samples": { type: "string", default: "1280" },
    model: { type: "string", default: sharedPath("reference", "openwakeword-alexa_v0.1.onnx") },
    embedding: { type: "string", default: sharedPath("reference", "embedding_model.onnx") },
    audio: { type: "string", default: sharedPath("keywords", "alexa") },
  },
});
const STREAMS = Number(values.streams);
const SECONDS = Number(values.minutes) * 60;
const STEP_MS = 80;
const RATE_HZ = Number(values["rate-hz"]);
const MESSAGE_SAMPLES = Number(values["message-samples"]);
const MESSAGE_MS = (MESSAGE_SAMPLES * 1000) / RATE_HZ;

/** All recordings one after another, as s16le. */
async function readTape(): Promise<Int16Array> {
  const files = readdirSync(values.audio)
    .filter((file) => /\.(?:flac|wav)$/.test(file))
    .toSorted();
  const parts = await Promise.all(
    files.slice(0, 200).map((file) => readAudioFile(`${values.audio}/${file}`)),
  );
  const samples = Float32Array.from(parts.flatMap((part) => [...part.samples]));
  return Int16Array.from(resample(samples, { fromHz: 16_000, toHz: RATE_HZ }), (sample) =>
    Math.max(-32_768, Math.min(32_767, sample)),
  );
}

interface Server {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
  readonly events: Map<string, number>;
}

async function startServer(): Promise<Server> {
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      "--conditions=@callsign/source",
      "packages/cli/src/main.ts",
      "serve",
      values.model,
      "--embedding",
      values.embedding,
      "--port",
      "0",
      "--no-wyoming-port",
    ],
    { stdio: ["ignore", "inherit", "pipe"] },
  );
  const events = new Map<string, number>();
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const record = JSON.parse(line) as { event: string; reason?: string; http?: { port: number } };
      const key = `${record.event} ${record.reason ?? ""}`.trim();
      events.set(key, (events.get(key) ?? 0) + 1);
      if (record.event === "listening") resolve(record.http!.port);
    });
  });
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    await closed;
  };
  return { port, pid: child.pid!, stop, events };
}

/** CPU seconds and resident bytes of a process, from /proc. */
function usage(pid: number): { cpu: number; rss: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, rss: pages * 4096 };
}

async function connect(port: number, hello: Record<string, unknown>): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/stream`);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.on("error", () => undefined);
  socket.send(JSON.stringify({ type: "hello", version: 1, ...hello }));
  return socket;
}

const latencies: number[] = [];
let events = 0;
let detections = 0;
let lateMessages = 0;
let closedEarly = 0;
const over = new AbortController();

/** One client in real time; every step's scores are asked for, so that each step is an event with a latency. */
async function stream(port: number, tape: Int16Array, offset: number): Promise<void> {
  const socket = await connect(port, { scores: true, sampleRateHz: RATE_HZ });
  const sentAt: number[] = [];
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { type: string; timestampMs: number };
    if (message.type === "detection") detections++;
    if (message.type !== "scores") return;
    events++;
    // The message that holds the step's last sample.
    latencies.push(performance.now() - sentAt[Math.ceil(message.timestampMs / MESSAGE_MS - 1e-6) - 1]!);
  });
  socket.on("close", () => {
    if (!over.signal.aborted) closedEarly++;
  });
  await sleep(Math.random() * MESSAGE_MS);
  const startMs = performance.now();
  for (let i = 0; i < (SECONDS * 1000) / MESSAGE_MS; i++) {
    const due = startMs + i * MESSAGE_MS;
    const waitMs = due - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    else if (waitMs < -STEP_MS) lateMessages++;
    const at = (offset + i * MESSAGE_SAMPLES) % (tape.length - MESSAGE_SAMPLES);
    sentAt.push(performance.now());
    socket.send(tape.slice(at, at + MESSAGE_SAMPLES));
  }
  await sleep(1000);
  over.abort();
  socket.close();
}

/** Asks for audio again and again and never reads it. */
async function stall(port: number): Promise<void> {
  const socket = await connect(port, { audioSeconds: 30 });
  socket.pause();
  for (let second = 0; second < 20; second++) socket.send(new Int16Array(16_000));
  while (!over.signal.aborted && socket.readyState === WebSocket.OPEN) {
    socket.send(JSON.stringify({ type: "audio", fromMs: 0, toMs: 10_000 }));
    await sleep(200);
  }
  socket.terminate();
}

async function flood(port: number, tape: Int16Array): Promise<void> {
  const socket = await connect(port, { scores: true });
  while (!over.signal.aborted && socket.readyState === WebSocket.OPEN) {
    for (let i = 0; i < 20 && socket.bufferedAmount < 4e6; i++)
      socket.send(tape.slice(i * 16_000, i * 16_000 + 16_000));
    await sleep(20);
  }
  socket.terminate();
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/** Least squares through samples a second apart, in MB a minute. */
function slope(samples: readonly { atSeconds: number; rss: number }[]): number {
  const n = samples.length;
  const meanX = samples.reduce((sum, { atSeconds }) => sum + atSeconds, 0) / n;
  const meanY = samples.reduce((sum, { rss }) => sum + rss, 0) / n;
  const xy = samples.reduce((sum, { atSeconds, rss }) => sum + (atSeconds - meanX) * (rss - meanY), 0);
  const xx = samples.reduce((sum, { atSeconds }) => sum + (atSeconds - meanX) ** 2, 0);
  return ((xy / xx) * 60) / 2 ** 20;
}

const tape = await readTape();
const server = await startServer();
const before = usage(server.pid);
const memory: { atSeconds: number; rss: number }[] = [];
const startMs = performance.now();
const own = process.cpuUsage();
const watch = setInterval(() => {
  memory.push({ atSeconds: (performance.now() - startMs) / 1000, rss: usage(server.pid).rss });
}, 1000);
await Promise.all([
  ...Array.from({ length: STREAMS }, (_, i) => stream(server.port, tape, i * 7919)),
  stall(server.port),
  flood(server.port, tape),
]);
clearInterval(watch);
const wall = (performance.now() - startMs) / 1000;
const after = usage(server.pid);
const client = process.cpuUsage(own);
const metrics = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
await server.stop();
const sorted = latencies.toSorted((a, b) => a - b);
const settled = memory.filter(({ atSeconds }) => atSeconds > wall / 4);
console.log(
  JSON.stringify(
    {
      streams: STREAMS,
      seconds: Math.round(wall),
      events,
      eventsExpected: STREAMS * Math.floor((SECONDS * 1000) / STEP_MS),
      detections,
      closedEarly,
      latencyMs: Object.fromEntries(
        [0.5, 0.9, 0.99, 0.999, 1].map((q) => [`p${q * 100}`, +quantile(sorted, q).toFixed(2)]),
      ),
      serverCores: +((after.cpu - before.cpu) / wall).toFixed(3),
      clientCores: +((client.user + client.system) / 1e6 / wall).toFixed(3),
      serverMemoryMb: {
        start: +(before.rss / 2 ** 20).toFixed(1),
        end: +(after.rss / 2 ** 20).toFixed(1),
        most: +(Math.max(...memory.map(({ rss }) => rss)) / 2 ** 20).toFixed(1),
      },
      memorySlopeMbPerMinute: +slope(settled).toFixed(3),
      lateMessages,
      overruns: Number(/^callsign_overruns_total (\S+)$/m.exec(metrics)?.[1]),
      log: Object.fromEntries(server.events),
    },
    null,
    2,
  ),
);
