import type { Socket } from "node:net";
import type { PcmEncoding } from "../../audio/pcm-decoder.ts";
import { closestName } from "../../closest-name.ts";
import { CallsignError } from "../../errors.ts";
import type { ModelStep } from "../../feature-track.ts";
import { ClientSession, type Farewell, type ServeHub } from "./client-session.ts";
import type { PcmFormat } from "./live-stream.ts";
import { encodeWyomingEvent, type WyomingEvent, WyomingParser } from "./wyoming-parser.ts";
import { type WakeName, wakeNames, wyomingInfo } from "./wyoming-wake-names.ts";

/** Serves one Wyoming connection until it closes. */
export function serveWyoming(socket: Socket, hub: ServeHub): void {
  const client = new WyomingClient(socket, hub);
  socket.on("data", (bytes: Buffer) => client.receive(bytes));
}

class WyomingClient {
  readonly #socket: Socket;
  readonly #hub: ServeHub;
  readonly #session: ClientSession;
  readonly #parser: WyomingParser;
  readonly #names: readonly WakeName[];
  /** Those the client asked for; all unless it did. */
  #wanted: readonly WakeName[];
  #format: PcmFormat | undefined;
  /** The client's own time of the stream's start, in milliseconds. */
  #startMs = 0;
  /** Of the stream that is open now. */
  #heard = { detected: false };

  constructor(socket: Socket, hub: ServeHub) {
    this.#socket = socket;
    this.#hub = hub;
    this.#parser = new WyomingParser({ mostBytes: hub.limits.messageBytes });
    this.#names = wakeNames(hub.set.cards);
    this.#wanted = this.#names;
    this.#session = new ClientSession(
      {
        protocol: "wyoming",
        peer: `${socket.remoteAddress}:${socket.remotePort}`,
        connection: socket,
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        unreadBytes: () => socket.writableLength,
        close: (farewell) => this.#close(farewell),
      },
      hub,
    );
    socket.setNoDelay(true);
    socket.on("error", (error) => this.#session.gone("CLOSED", error.message));
    socket.on("close", () => this.#session.gone("CLOSED"));
    // A client that has said all may still wait for what is being heard.
    socket.on("end", () => this.#session.finishAll(() => void socket.end()));
  }

  receive(bytes: Buffer): void {
    try {
      for (const event of this.#parser.push(bytes)) {
        if (this.#session.left) return;
        // Pings alone take no stream.
        if (event.type !== "ping" && !this.#session.greet()) return;
        this.#session.received({ audio: event.type === "audio-chunk", bytes: event.payload.length });
        this.#obey(event);
      }
    } catch (error) {
      this.#session.fail(error);
    }
  }

  #obey({ type, data, payload }: WyomingEvent): void {
    if (type === "describe") this.#send("info", wyomingInfo(this.#hub.set.cards, this.#hub.version));
    else if (type === "ping") this.#send("pong", typeof data.text === "string" ? { text: data.text } : {});
    else if (type === "detect") this.#detect(data);
    else if (type === "audio-start") this.#start(data);
    else if (type === "audio-chunk") this.#hear(data, payload);
    else if (type === "audio-stop") this.#stop();
    // Events of other services mean nothing here, and newer ones must not end the connection.
  }

  #detect({ names }: WyomingEvent["data"]): void {
    if (names === undefined || names === null) {
      this.#wanted = this.#names;
    } else {
      if (!Array.isArray(names) || names.some((name) => typeof name !== "string"))
        throw new CallsignError("PROTOCOL_INVALID", "detect: expected names as a list of texts");
      this.#wanted = names.length === 0 ? this.#names : names.map((name: string) => this.#find(name));
    }
    // Who asks for others in the middle of a stream has a new one from here on.
    if (this.#format !== undefined) this.#listen(this.#format);
  }

  #find(name: string): WakeName {
    const found =
      this.#names.find((one) => one.name === name) ?? this.#names.find((one) => one.label === name);
    if (found !== undefined) return found;
    const known = this.#names.map((one) => one.name);
    const near = closestName(name, known);
    throw new CallsignError(
      "MODEL_NOT_FOUND",
      `detect: no wake word ${JSON.stringify(name)} here; known: ${known.join(", ")}` +
        (near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`),
    );
  }

  #start(data: WyomingEvent["data"]): void {
    this.#startMs =
      typeof data.timestamp === "number" && Number.isFinite(data.timestamp) ? data.timestamp : 0;
    this.#listen(formatOf("audio-start", data));
  }

  #hear(data: WyomingEvent["data"], payload: Uint8Array): void {
    const format = formatOf("audio-chunk", data);
    // Every chunk says how it is written; one that differs from those before it starts a stream of its own.
    if (this.#format === undefined || !sameFormat(this.#format, format)) {
      if (typeof data.timestamp === "number" && Number.isFinite(data.timestamp))
        this.#startMs = data.timestamp;
      this.#listen(format);
    }
    this.#session.hear(payload);
  }

  #listen(format: PcmFormat): void {
    this.#format = format;
    const heard = { detected: false };
    this.#heard = heard;
    const [wanted, startMs] = [this.#wanted, this.#startMs];
    const models = [...new Set(wanted.map(({ model }) => model))];
    const onSteps = (steps: readonly ModelStep[]): void => {
      for (const { detections } of steps)
        for (const { model, label, timestampMs } of detections) {
          const name = wanted.find((one) => one.model === model && one.label === label)?.name;
          if (name === undefined) continue;
          heard.detected = true;
          this.#send("detection", { name, timestamp: Math.round(startMs + timestampMs) });
        }
    };
    this.#session.listen(format, { models, onSteps }).catch((error: unknown) => this.#session.fail(error));
  }

  #stop(): void {
    if (this.#format === undefined) return;
    const heard = this.#heard;
    this.#format = undefined;
    this.#session.finish(() => {
      if (!heard.detected) this.#send("not-detected");
    });
  }

  #send(type: string, data: Readonly<Record<string, unknown>> = {}): void {
    if (!this.#socket.writable) return;
    this.#socket.write(encodeWyomingEvent(type, data));
    this.#session.checkReader();
  }

  #close({ reason, message }: Farewell): void {
    const socket = this.#socket;
    if (socket.writable && reason !== "CLOSED")
      socket.end(encodeWyomingEvent("error", { text: message, code: reason }));
    // What still comes is read away, so that the end of the connection is seen.
    socket.resume();
    setTimeout(() => socket.destroy(), GRACE_MS).unref();
  }
}

/** How long a client has to close its side before it is cut off. */
const GRACE_MS = 2000;

const ENCODINGS: Partial<Record<number, PcmEncoding>> = { 1: "u8", 2: "s16le", 3: "s24le", 4: "s32le" };

function formatOf(type: string, { rate, width, channels }: WyomingEvent["data"]): PcmFormat {
  const integer = (name: string, value: unknown, [least, most]: readonly [number, number]): number => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number;
    throw new CallsignError(
      "PROTOCOL_INVALID",
      `${type}: expected ${name} as an integer ${least} to ${most}, got ${JSON.stringify(value ?? null).slice(0, 100)}`,
    );
  };
  return {
    sampleRateHz: integer("rate", rate, [8000, 384_000]),
    encoding: ENCODINGS[integer("width", width, [1, 4])]!,
    channels: integer("channels", channels, [1, 8]),
  };
}

const sameFormat = (a: PcmFormat, b: PcmFormat): boolean =>
  a.sampleRateHz === b.sampleRateHz && a.encoding === b.encoding && a.channels === b.channels;
