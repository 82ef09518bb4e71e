import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { toInt16, CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { DetectorStream, DetectorStep } from "@callsign/infer/internal";
import { sameToken } from "../server/bearer-token.ts";
import {
  Connection,
  type CloseNotice,
  type CloseReason,
  type ServerContext,
} from "../connection/connection.ts";
import { MuteSwitch } from "../connection/mute-switch.ts";
import {
  type ClientMessage,
  type HelloMessage,
  parseClientMessage,
  type ServerMessage,
  WEBSOCKET_VERSION,
} from "./messages.ts";

export interface WebSocketConnectionOptions {
  readonly context: ServerContext;
  readonly peer: string;
  /** Network connection of the WebSocket. */
  readonly socket: Duplex;
  /** Whether the upgrade request contained the token. */
  readonly authorized: boolean;
}

/** Serves one WebSocket until it closes. */
export function serveWebSocket(socket: WebSocket, options: WebSocketConnectionOptions): void {
  const client = new WebSocketConnection(socket, options);
  socket.on("message", (data: Buffer, isBinary) => client.receive(data, isBinary));
}

class WebSocketConnection {
  readonly #socket: WebSocket;
  readonly #options: WebSocketConnectionOptions;
  readonly #connection: Connection;
  readonly #helloTimer: NodeJS.Timeout;
  #hello: HelloMessage | undefined;
  /** Labels of the stream's models, by name. */
  #labels: ReadonlyMap<string, readonly string[]> = new Map();
  #mute: MuteSwitch | undefined;
  /** Number of detections since the start or the last reset. */
  #detections = 0;
  /** A binary message is being sent in fragments, between which no other message may be sent. */
  #sendingParts = false;
  #ending = false;

  constructor(socket: WebSocket, options: WebSocketConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#connection = new Connection(
      {
        protocol: "websocket",
        peer: options.peer,
        socket: options.socket,
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        unreadBytes: () => socket.bufferedAmount,
        ping: () => socket.ping(),
        // Queued, so that it is not sent between fragments of audio.
        warn: (message) =>
          this.#connection.enqueue(() => this.#send({ type: "warning", code: "THROTTLED", message })),
        close: (notice) => this.#close(notice),
      },
      options.context,
    );
    const { helloSeconds } = options.context.limits;
    // If the process was busy, a hello that has arrived in time is read first.
    this.#helloTimer = setTimeout(
      () => setImmediate(() => this.#onHelloTimeout()),
      helloSeconds * 1000,
    ).unref();
    socket.on("close", () => {
      clearTimeout(this.#helloTimer);
      this.#connection.onClosed("CLOSED");
    });
    // Invalid frames (too large, not masked, unknown opcode), for which ws closes the connection with the right code.
    socket.on("error", (error) => {
      this.#connection.onClosed("BAD_MESSAGE", error.message);
      this.#cutOffAfter(GRACE_MS);
    });
    for (const control of ["ping", "pong"] as const)
      socket.on(control, (data) => this.#connection.received({ audio: false, bytes: data.length }));
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.#connection.isClosed || this.#ending) return;
    this.#connection.received({ audio: isBinary, bytes: data.length });
    try {
      if (isBinary) this.#handleAudio(data);
      else this.#handleMessage(parseClientMessage(data.toString("utf8")));
    } catch (error) {
      this.#connection.fail(error);
    }
  }

  #handleAudio(data: Buffer): void {
    if (this.#hello === undefined)
      throw new CallsignError("PROTOCOL_INVALID", "audio came before hello; say hello first");
    this.#connection.pushAudio(data);
  }

  #handleMessage(message: ClientMessage): void {
    if (message.type === "hello") return this.#handleHello(message);
    if (this.#hello === undefined)
      throw new CallsignError("PROTOCOL_INVALID", `${message.type} came before hello; say hello first`);
    if (message.type === "pause") return this.#connection.allowSilence();
    if (message.type === "end") this.#ending = true;
    if (message.type !== "audio") this.#connection.flush();
    this.#connection.enqueue((stream) => this.#handleInOrder(message, stream));
  }

  #handleHello(hello: HelloMessage): void {
    const { context, authorized } = this.#options;
    if (this.#hello !== undefined)
      throw new CallsignError("PROTOCOL_INVALID", "hello came twice; connect again for other settings");
    if (context.token !== undefined && !authorized && !sameToken(hello.token, context.token))
      return this.#connection.disconnect({
        reason: "UNAUTHORIZED",
        message: "hello: expected the server's token, in hello or as a bearer token of the upgrade request",
      });
    if (!this.#connection.startStream()) return;
    clearTimeout(this.#helloTimer);
    this.#hello = hello;
    const { models, sensitivity, audioSeconds, encoding, sampleRateHz, channels } = hello;
    const opening = this.#connection.openStream(
      { encoding, sampleRateHz, channels },
      {
        ...(models && { models }),
        ...(sensitivity && { sensitivity }),
        audioSeconds,
        onSteps: (steps) => this.#sendSteps(steps),
      },
    );
    opening.then(
      (stream) => this.#sendReady(stream),
      (error: unknown) => this.#connection.fail(error),
    );
  }

  #onHelloTimeout(): void {
    if (this.#hello !== undefined) return;
    const { helloSeconds } = this.#options.context.limits;
    this.#connection.disconnect({
      reason: "NO_HELLO",
      message: `expected hello within ${helloSeconds} s, got none`,
    });
  }

  #sendReady(stream: DetectorStream): void {
    const { context } = this.#options;
    const { cards } = stream;
    this.#labels = new Map(cards.map(({ name, labels }) => [name, labels]));
    if (this.#hello?.mute === true) this.#mute = new MuteSwitch(cards);
    this.#send({
      type: "ready",
      version: WEBSOCKET_VERSION,
      server: `callsign ${context.version}`,
      session: this.#connection.id,
      models: cards.map(({ name, labels, windowing, decision }) => ({
        name,
        labels,
        hopMs: (windowing.hopLength * 1000) / SAMPLE_RATE_HZ,
        thresholds: decision.thresholds,
        ...(decision.background !== undefined && { background: decision.background }),
      })),
    });
  }

  #sendSteps(steps: readonly DetectorStep[]): void {
    for (const step of steps) {
      const { model, timestampMs, scores, detections } = step;
      if (this.#hello?.scores === true) {
        const labels = this.#labels.get(model)!;
        const named = Object.fromEntries(labels.map((label, i) => [label, scores[i]!]));
        this.#send({ type: "scores", model, timestampMs, scores: named });
      }
      const decision = this.#mute?.step(step);
      if (decision !== undefined) this.#send({ type: "mute", ...decision });
      for (const detection of detections) {
        this.#detections++;
        this.#send({ type: "detection", ...detection });
      }
    }
  }

  async #handleInOrder(message: OrderedMessage, stream: DetectorStream): Promise<void> {
    if (this.#connection.isClosed) return;
    if (message.type === "audio") {
      await this.#sendAudio(message, stream);
    } else if (message.type === "reset") {
      await stream.reset();
      this.#detections = 0;
      for (const decision of this.#mute?.reset() ?? []) this.#send({ type: "mute", ...decision });
      this.#send({ type: "reset" });
    } else {
      this.#send({ type: "end", detections: this.#detections });
      this.#connection.disconnect({ reason: "ENDED", message: "all audio was processed" });
    }
  }

  async #sendAudio({ fromMs, toMs }: AudioMessage, stream: DetectorStream): Promise<void> {
    let samples: Int16Array;
    try {
      samples = toInt16(stream.audio({ fromMs, toMs }).samples);
    } catch (error) {
      // The audio is not or no longer kept; the client may continue without it.
      if (!(error instanceof CallsignError)) throw error;
      return this.#send({ type: "error", code: "AUDIO_GONE", message: error.message });
    }
    this.#connection.countSentAudio(samples.length / SAMPLE_RATE_HZ);
    this.#send({ type: "audio", fromMs, samples: samples.length });
    await this.#sendParts(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  /** Sends a binary message in fragments, as fast as the client reads it. */
  async #sendParts(bytes: Uint8Array): Promise<void> {
    this.#sendingParts = true;
    for (let at = 0, fin = false; !fin && this.#socket.readyState === this.#socket.OPEN; at += PART_BYTES) {
      fin = at + PART_BYTES >= bytes.length;
      this.#socket.send(bytes.subarray(at, at + PART_BYTES), { binary: true, fin });
      await this.#connection.drained();
    }
    this.#sendingParts = false;
  }

  #send(message: ServerMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify(message));
  }

  #close({ reason, message }: CloseNotice): void {
    const socket = this.#socket;
    if (reason !== "ENDED" && reason !== "CLOSED" && !this.#sendingParts)
      this.#send({ type: "error", code: reason, message });
    // The client's close frame must be read.
    socket.resume();
    // A close frame is limited to 123 bytes: it contains the reason, after an error message with the full text.
    socket.close(CLOSE_CODES[reason] ?? 1000, reason);
    // A client that sent end may still be reading.
    this.#cutOffAfter(reason === "ENDED" ? this.#options.context.limits.unreadSeconds * 1000 : GRACE_MS);
  }

  #cutOffAfter(graceMs: number): void {
    setTimeout(() => this.#socket.terminate(), graceMs).unref();
  }
}

type OrderedMessage = Exclude<ClientMessage, { readonly type: "hello" | "pause" }>;

type AudioMessage = Extract<ClientMessage, { readonly type: "audio" }>;

/** Fragment of kept audio: 0.13 s on a link of 1 Mbit/s. */
const PART_BYTES = 16 * 1024;

/** Time for a client to answer a close frame. */
const GRACE_MS = 2000;

/** RFC 6455: 1000 normal, 1001 going away, 1007 inconsistent data, 1008 policy, 1011 internal error, 1013 try again later. */
const CLOSE_CODES: Partial<Record<CloseReason, number>> = {
  SHUTDOWN: 1001,
  BUSY: 1013,
  NO_HELLO: 1008,
  IDLE: 1000,
  TOTAL_TIME: 1000,
  SLOW_READER: 1008,
  BAD_MESSAGE: 1008,
  UNAUTHORIZED: 1008,
  MODEL_NOT_FOUND: 1008,
  AUDIO_INVALID: 1007,
  INTERNAL: 1011,
};
