import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { toInt16 } from "../../audio/pcm.ts";
import type { DetectorStream } from "../../detector-stream.ts";
import { CallsignError } from "../../errors.ts";
import type { ModelStep } from "../../feature-track.ts";
import { SAMPLE_RATE_HZ } from "../../model-card.ts";
import { withSensitivity } from "../../sensitivity.ts";
import { sameToken } from "./bearer-token.ts";
import { ClientSession, type Farewell, type LeaveReason, type ServeHub } from "./client-session.ts";
import { MuteSwitch } from "./mute-switch.ts";
import {
  type ClientMessage,
  type HelloMessage,
  parseClientMessage,
  type ServerMessage,
  WEBSOCKET_VERSION,
} from "./websocket-messages.ts";

export interface WebSocketClientOptions {
  readonly hub: ServeHub;
  readonly peer: string;
  /** The connection under the WebSocket. */
  readonly connection: Duplex;
  /** Whether the upgrade request carried the token already. */
  readonly authorized: boolean;
}

/** Serves one WebSocket until it closes. */
export function serveWebSocket(socket: WebSocket, options: WebSocketClientOptions): void {
  const client = new WebSocketClient(socket, options);
  socket.on("message", (data: Buffer, isBinary) => client.receive(data, isBinary));
}

class WebSocketClient {
  readonly #socket: WebSocket;
  readonly #options: WebSocketClientOptions;
  readonly #session: ClientSession;
  readonly #helloTimer: NodeJS.Timeout;
  #hello: HelloMessage | undefined;
  /** Labels of the models that listen. */
  #labels: ReadonlyMap<string, readonly string[]> = new Map();
  #mute: MuteSwitch | undefined;
  /** Since the start or the last reset. */
  #detections = 0;
  /** A message is sent in parts, and no other may come between them. */
  #sendingParts = false;
  #ending = false;

  constructor(socket: WebSocket, options: WebSocketClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#session = new ClientSession(
      {
        protocol: "websocket",
        peer: options.peer,
        connection: options.connection,
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        unreadBytes: () => socket.bufferedAmount,
        ping: () => socket.ping(),
        // In turn, so that it does not cut into audio that is being sent.
        warn: (message) =>
          this.#session.inTurn(() => this.#send({ type: "warning", code: "THROTTLED", message })),
        close: (farewell) => this.#close(farewell),
      },
      options.hub,
    );
    const { helloSeconds } = options.hub.limits;
    // A hello that came in time may still be unread where the process was busy: what has arrived is read first.
    this.#helloTimer = setTimeout(() => setImmediate(() => this.#missHello()), helloSeconds * 1000).unref();
    socket.on("close", () => {
      clearTimeout(this.#helloTimer);
      this.#session.gone("CLOSED");
    });
    // What ws refuses by itself: frames too large, not masked, of no known kind. It closes with the right code.
    socket.on("error", (error) => {
      this.#session.gone("BAD_MESSAGE", error.message);
      this.#cutOffAfter(GRACE_MS);
    });
    for (const control of ["ping", "pong"] as const)
      socket.on(control, (data) => this.#session.received({ audio: false, bytes: data.length }));
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.#session.left || this.#ending) return;
    this.#session.received({ audio: isBinary, bytes: data.length });
    try {
      if (isBinary) this.#hear(data);
      else this.#obey(parseClientMessage(data.toString("utf8")));
    } catch (error) {
      this.#session.fail(error);
    }
  }

  #hear(data: Buffer): void {
    if (this.#hello === undefined)
      throw new CallsignError("PROTOCOL_INVALID", "audio came before hello; say hello first");
    this.#session.hear(data);
  }

  #obey(message: ClientMessage): void {
    if (message.type === "hello") return this.#welcome(message);
    if (this.#hello === undefined)
      throw new CallsignError("PROTOCOL_INVALID", `${message.type} came before hello; say hello first`);
    if (message.type === "pause") return this.#session.rest();
    if (message.type === "end") this.#ending = true;
    if (message.type !== "audio") this.#session.flush();
    this.#session.inTurn((stream) => this.#answer(message, stream));
  }

  #welcome(hello: HelloMessage): void {
    const { hub, authorized } = this.#options;
    if (this.#hello !== undefined)
      throw new CallsignError("PROTOCOL_INVALID", "hello came twice; connect again for other settings");
    if (hub.token !== undefined && !authorized && !sameToken(hello.token, hub.token))
      return this.#session.leave({
        reason: "UNAUTHORIZED",
        message: "hello: expected the server's token, in hello or as a bearer token of the upgrade request",
      });
    if (!this.#session.greet()) return;
    clearTimeout(this.#helloTimer);
    this.#hello = hello;
    const { models, sensitivity, audioSeconds, encoding, sampleRateHz, channels } = hello;
    const opening = this.#session.listen(
      { encoding, sampleRateHz, channels },
      {
        ...(models && { models }),
        ...(sensitivity && { sensitivity }),
        audioSeconds,
        onSteps: (steps) => this.#tell(steps),
      },
    );
    opening.then(
      (stream) => this.#ready(stream),
      (error: unknown) => this.#session.fail(error),
    );
  }

  #missHello(): void {
    if (this.#hello !== undefined) return;
    const { helloSeconds } = this.#options.hub.limits;
    this.#session.leave({ reason: "NO_HELLO", message: `expected hello within ${helloSeconds} s, got none` });
  }

  #ready(stream: DetectorStream): void {
    const { hub } = this.#options;
    const sensitivity = this.#hello?.sensitivity ?? hub.openOptions.sensitivity ?? {};
    const served = new Map(hub.set.cards.map((card) => [card.name, card]));
    const cards = stream.models.map((name) => withSensitivity(served.get(name)!, sensitivity));
    this.#labels = new Map(cards.map(({ name, labels }) => [name, labels]));
    if (this.#hello?.mute === true) this.#mute = new MuteSwitch(cards);
    this.#send({
      type: "ready",
      version: WEBSOCKET_VERSION,
      server: `callsign ${hub.version}`,
      session: this.#session.id,
      models: cards.map(({ name, labels, windowing, decision }) => ({
        name,
        labels,
        hopMs: (windowing.hopLength * 1000) / SAMPLE_RATE_HZ,
        thresholds: decision.thresholds,
        ...(decision.background !== undefined && { background: decision.background }),
      })),
    });
  }

  #tell(steps: readonly ModelStep[]): void {
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

  async #answer(message: InTurnMessage, stream: DetectorStream): Promise<void> {
    if (this.#session.left) return;
    if (message.type === "audio") {
      await this.#sendAudio(message, stream);
    } else if (message.type === "reset") {
      await stream.reset();
      this.#detections = 0;
      for (const decision of this.#mute?.reset() ?? []) this.#send({ type: "mute", ...decision });
      this.#send({ type: "reset" });
    } else {
      this.#send({ type: "end", detections: this.#detections });
      this.#session.leave({ reason: "ENDED", message: "all audio was heard" });
    }
  }

  async #sendAudio({ fromMs, toMs }: AudioMessage, stream: DetectorStream): Promise<void> {
    let samples: Int16Array;
    try {
      samples = toInt16(stream.audio({ fromMs, toMs }).samples);
    } catch (error) {
      // No longer kept, or never: the client may go on without it.
      if (!(error instanceof CallsignError)) throw error;
      return this.#send({ type: "error", code: "AUDIO_GONE", message: error.message });
    }
    this.#session.handedOut(samples.length / SAMPLE_RATE_HZ);
    this.#send({ type: "audio", fromMs, samples: samples.length });
    await this.#sendParts(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  /** Sends one binary message as fast as the client reads it. */
  async #sendParts(bytes: Uint8Array): Promise<void> {
    this.#sendingParts = true;
    for (let at = 0, fin = false; !fin && this.#socket.readyState === this.#socket.OPEN; at += PART_BYTES) {
      fin = at + PART_BYTES >= bytes.length;
      this.#socket.send(bytes.subarray(at, at + PART_BYTES), { binary: true, fin });
      await this.#session.drained();
    }
    this.#sendingParts = false;
  }

  #send(message: ServerMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify(message));
  }

  #close({ reason, message }: Farewell): void {
    const socket = this.#socket;
    if (reason !== "ENDED" && reason !== "CLOSED" && !this.#sendingParts)
      this.#send({ type: "error", code: reason, message });
    // Its answer to the close must be read.
    socket.resume();
    // A close frame holds 123 bytes, so the message went before it; this is its short form.
    socket.close(CLOSE_CODES[reason] ?? 1000, reason);
    // A client that said end still reads what it asked for.
    this.#cutOffAfter(reason === "ENDED" ? this.#options.hub.limits.unreadSeconds * 1000 : GRACE_MS);
  }

  #cutOffAfter(graceMs: number): void {
    setTimeout(() => this.#socket.terminate(), graceMs).unref();
  }
}

type InTurnMessage = Exclude<ClientMessage, { readonly type: "hello" | "pause" }>;

type AudioMessage = Extract<ClientMessage, { readonly type: "audio" }>;

/** Length of a frame of kept audio, in bytes: 0.13 s on a link of 1 Mbit/s. */
const PART_BYTES = 16 * 1024;

/** How long a client has to answer a close before it is cut off. */
const GRACE_MS = 2000;

/** RFC 6455: 1000 normal, 1001 going away, 1007 inconsistent data, 1008 policy, 1011 internal error, 1013 try again later. */
const CLOSE_CODES: Partial<Record<LeaveReason, number>> = {
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
