import type { WebSocket } from "ws";
import { toInt16 } from "../../audio/pcm.ts";
import type { DetectorStream } from "../../detector-stream.ts";
import { CallsignError } from "../../errors.ts";
import type { ModelStep } from "../../feature-track.ts";
import { type ModelCard, SAMPLE_RATE_HZ } from "../../model-card.ts";
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
  #hello: HelloMessage | undefined;
  #mute: MuteSwitch | undefined;
  #detections = 0;
  #ending = false;

  constructor(socket: WebSocket, options: WebSocketClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#session = new ClientSession(
      {
        protocol: "websocket",
        peer: options.peer,
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        unreadBytes: () => socket.bufferedAmount,
        close: (farewell) => this.#close(farewell),
      },
      options.hub,
    );
    socket.on("close", () => this.#session.gone("CLOSED"));
    // What ws refuses by itself: frames too large, not masked, of no known kind. It closes with the right code.
    socket.on("error", (error) => this.#session.gone("BAD_MESSAGE", error.message));
    socket.on("ping", () => this.#session.received());
    socket.on("pong", () => this.#session.received());
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.#session.left || this.#ending) return;
    this.#session.received();
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

  #ready(stream: DetectorStream): void {
    const { hub } = this.#options;
    const sensitivity = this.#hello?.sensitivity ?? hub.openOptions.sensitivity ?? {};
    const cards = stream.models
      .map((name) => cardOf(hub, name))
      .map((card) => withSensitivity(card, sensitivity));
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
        const { labels } = cardOf(this.#options.hub, model);
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

  async #answer(message: Exclude<ClientMessage, HelloMessage>, stream: DetectorStream): Promise<void> {
    if (this.#session.left) return;
    if (message.type === "audio") {
      this.#sendAudio(message, stream);
    } else if (message.type === "reset") {
      await stream.reset();
      this.#mute?.reset();
      this.#send({ type: "reset" });
    } else {
      this.#send({ type: "end", detections: this.#detections });
      this.#session.leave({ reason: "ENDED", message: "all audio was heard" });
    }
  }

  #sendAudio({ fromMs, toMs }: { fromMs: number; toMs: number }, stream: DetectorStream): void {
    try {
      const { samples } = stream.audio({ fromMs, toMs });
      this.#send({ type: "audio", fromMs, samples: samples.length });
      this.#socket.send(toInt16(samples));
    } catch (error) {
      // No longer kept, or never: the client may go on without it.
      if (!(error instanceof CallsignError)) throw error;
      this.#send({ type: "error", code: "AUDIO_GONE", message: error.message });
    }
    this.#session.checkReader();
  }

  #send(message: ServerMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify(message));
  }

  #close({ reason, message }: Farewell): void {
    const socket = this.#socket;
    if (reason !== "ENDED" && reason !== "CLOSED") this.#send({ type: "error", code: reason, message });
    // Its answer to the close must be read.
    socket.resume();
    // A close frame holds 123 bytes, so the message went before it; this is its short form.
    socket.close(CLOSE_CODES[reason] ?? 1000, reason);
    setTimeout(() => socket.terminate(), GRACE_MS).unref();
  }
}

/** How long a client has to answer a close before it is cut off. */
const GRACE_MS = 2000;

/** RFC 6455: 1000 normal, 1001 going away, 1007 inconsistent data, 1008 policy, 1011 internal error, 1013 try again later. */
const CLOSE_CODES: Partial<Record<LeaveReason, number>> = {
  SHUTDOWN: 1001,
  IDLE: 1000,
  TOTAL_TIME: 1000,
  SLOW_READER: 1008,
  BAD_MESSAGE: 1008,
  UNAUTHORIZED: 1008,
  MODEL_NOT_FOUND: 1008,
  AUDIO_INVALID: 1007,
  INTERNAL: 1011,
};

const cardOf = (hub: ServeHub, name: string): ModelCard => hub.set.cards.find((card) => card.name === name)!;
