import type { Duplex } from "node:stream";
import { type PcmEncoding, closestName, CallsignError } from "@callsign/audio/internal";
import type { DetectorStep } from "@callsign/infer/internal";
import {
  Connection,
  type CloseNotice,
  type ServerContext,
  type Transport,
} from "../connection/connection.ts";
import { bytesPerSecondOf, type PcmFormat } from "../connection/audio-queue.ts";
import { WyomingClock } from "./clock.ts";
import { encodeWyomingEvent, type WyomingEvent, WyomingParser } from "./parser.ts";
import type { WakeName, WakeNames } from "./wake-names.ts";

export interface ServeWyomingOptions {
  readonly context: ServerContext;
  readonly wakeNames: WakeNames;
  /** Address of the client, for the log. */
  readonly peer: string;
  readonly mayBeSilent: Transport["mayBeSilent"] & string;
}

/** Serves one Wyoming connection until it closes. @param socket a socket, or standard input and output as one stream */
export function serveWyoming(socket: Duplex, options: ServeWyomingOptions): void {
  const client = new WyomingConnection(socket, options);
  socket.on("data", (bytes: Buffer) => client.receive(bytes));
}

/** Current stream, from `audio-start` or the first chunk to `audio-stop` or a change of format or models. */
interface WyomingStream {
  readonly format: PcmFormat;
  readonly models: readonly string[];
  readonly clock: WyomingClock;
  /** Wake words whose detections are sent; changes take effect in order with the audio. */
  wanted: readonly WakeName[];
}

class WyomingConnection {
  readonly #socket: Duplex;
  readonly #context: ServerContext;
  readonly #connection: Connection;
  readonly #parser: WyomingParser;
  readonly #wakeNames: WakeNames;
  #wanted: readonly WakeName[];
  /** Opened by the first chunk, which has the format. */
  #stream: WyomingStream | undefined;
  /** Content of the last `audio-start`; undefined outside a stream. */
  #start: { readonly format: Partial<PcmFormat>; readonly timestampMs: number | undefined } | undefined;
  /** Names detected since the last `audio-start`. */
  #detected = new Set<string>();
  /** Unknown names that were logged: satellites repeat `detect` after every command. */
  readonly #warned = new Set<string>();

  constructor(socket: Duplex, { context, wakeNames, peer, mayBeSilent }: ServeWyomingOptions) {
    this.#socket = socket;
    this.#context = context;
    this.#parser = new WyomingParser({ maxBytes: context.limits.messageBytes });
    this.#wakeNames = wakeNames;
    this.#wanted = wakeNames.all;
    this.#connection = new Connection(
      {
        protocol: "wyoming",
        peer,
        socket,
        mayBeSilent,
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        unreadBytes: () => socket.writableLength,
        close: (notice) => this.#close(notice),
      },
      context,
    );
    socket.on("error", (error) => this.#connection.onClosed("CLOSED", error.message));
    socket.on("close", () => this.#connection.onClosed("CLOSED"));
    // A client that has closed its side may still wait for answers.
    socket.on("end", () => this.#connection.finishAll(() => void socket.end()));
  }

  receive(bytes: Buffer): void {
    try {
      for (const event of this.#parser.push(bytes)) {
        if (this.#connection.isClosed) return;
        // Pings do not take a stream.
        if (event.type !== "ping" && !this.#connection.startStream()) return;
        this.#connection.received({ audio: event.type === "audio-chunk", bytes: event.payload.length });
        this.#handleEvent(event);
      }
    } catch (error) {
      this.#connection.fail(error);
    }
  }

  #handleEvent({ type, data, payload }: WyomingEvent): void {
    if (type === "describe") this.#send("info", this.#wakeNames.info(this.#context.version));
    else if (type === "ping") this.#send("pong", typeof data.text === "string" ? { text: data.text } : {});
    else if (type === "detect") this.#handleDetect(data);
    else if (type === "audio-start") this.#handleAudioStart(data);
    else if (type === "audio-chunk") this.#handleAudioChunk(data, payload);
    else if (type === "audio-stop") this.#handleAudioStop();
    // Events of other services and of newer versions are ignored.
  }

  #handleDetect({ names }: WyomingEvent["data"]): void {
    this.#wanted = this.#namesOf(names);
    const stream = this.#stream;
    const wanted = this.#wanted;
    // An open stream continues. Models that it does not run are opened by the next chunk.
    if (stream !== undefined && isOpen(stream, wanted))
      this.#connection.enqueue(() => {
        stream.wanted = wanted;
      });
  }

  /** Wake words of a `detect`. As in wyoming-openwakeword, unknown names are skipped, and without a known one all are selected. */
  #namesOf(names: unknown): readonly WakeName[] {
    if (names === undefined || names === null) return this.#wakeNames.all;
    if (!Array.isArray(names) || names.some((name) => typeof name !== "string"))
      throw new CallsignError("PROTOCOL_INVALID", "detect: expected names as a list of texts");
    if (names.length > MAX_NAMES)
      throw new CallsignError(
        "PROTOCOL_INVALID",
        `detect: expected at most ${MAX_NAMES} names, got ${names.length}`,
      );
    const found = (names as string[]).map((name) => ({ name, meant: this.#wakeNames.find(name) }));
    this.#warnUnknown(found.filter(({ meant }) => meant.length === 0).map(({ name }) => name));
    const wanted = found.flatMap(({ meant }) => meant);
    return wanted.length > 0 ? wanted : this.#wakeNames.all;
  }

  #warnUnknown(unknown: readonly string[]): void {
    const names = unknown.map((name) => name.slice(0, 100)).filter((name) => !this.#warned.has(name));
    if (names.length === 0 || this.#warned.size > MAX_WARNED_NAMES) return;
    for (const name of names) this.#warned.add(name);
    const known = this.#wakeNames.all.map(({ name }) => name);
    const near = closestName(names[0]!, known);
    this.#context.log("warn", "unknown wake word", {
      session: this.#connection.id,
      names: names.slice(0, 10),
      known: known.slice(0, 100),
      ...(near !== undefined && { didYouMean: near }),
    });
  }

  #handleAudioStart(data: WyomingEvent["data"]): void {
    this.#endStream();
    // Some clients give the format in the chunks only.
    this.#start = { format: formatOf("audio-start", data), timestampMs: timestampOf(data) };
    this.#detected = new Set();
  }

  #handleAudioChunk(data: WyomingEvent["data"], payload: Uint8Array): void {
    const timestampMs = timestampOf(data);
    const format = completeFormat("audio-chunk", {
      ...this.#start?.format,
      ...formatOf("audio-chunk", data),
    });
    let stream = this.#stream;
    if (stream === undefined || !sameFormat(stream.format, format) || !isOpen(stream, this.#wanted)) {
      if (stream === undefined && this.#start === undefined) this.#detected = new Set();
      const startMs = stream?.clock.nowMs ?? this.#start?.timestampMs ?? timestampMs ?? 0;
      this.#endStream();
      stream = this.#openStream(format, startMs);
    }
    stream.clock.add((1000 * payload.length) / bytesPerSecondOf(format), timestampMs);
    this.#connection.pushAudio(payload);
  }

  #openStream(format: PcmFormat, startMs: number): WyomingStream {
    const wanted = this.#wanted;
    const models = [...new Set(wanted.map(({ model }) => model))];
    const stream: WyomingStream = { format, models, wanted, clock: new WyomingClock(startMs) };
    this.#stream = stream;
    const detected = this.#detected;
    const onSteps = (steps: readonly DetectorStep[]): void => {
      for (const { detections } of steps)
        for (const { model, label, timestampMs } of detections) {
          const name = stream.wanted.find((one) => one.model === model && one.label === label)?.name;
          if (name === undefined) continue;
          detected.add(name);
          this.#send("detection", { name, timestamp: Math.round(stream.clock.at(timestampMs)) });
        }
    };
    this.#connection
      .openStream(format, { models, onSteps })
      .catch((error: unknown) => this.#connection.fail(error));
    return stream;
  }

  /** Ends the open stream; its queued audio is still processed. */
  #endStream(): void {
    this.#stream = undefined;
    this.#connection.finish(() => undefined);
  }

  /** Answers after all audio before `audio-stop` is processed, also without any audio. */
  #handleAudioStop(): void {
    const [detected, wanted] = [this.#detected, this.#wanted];
    this.#stream = undefined;
    this.#start = undefined;
    this.#connection.finishAll(() => {
      if (!wanted.some(({ name }) => detected.has(name))) this.#send("not-detected");
    });
  }

  #send(type: string, data: Readonly<Record<string, unknown>> = {}): void {
    if (!this.#socket.writable) return;
    this.#socket.write(encodeWyomingEvent(type, data));
    this.#connection.checkReader();
  }

  #close({ reason, message }: CloseNotice): void {
    const socket = this.#socket;
    if (socket.writable && reason !== "CLOSED")
      socket.end(encodeWyomingEvent("error", { text: message, code: reason }));
    // Further data is discarded, so that the end of the connection is noticed.
    socket.resume();
    setTimeout(() => socket.destroy(), GRACE_MS).unref();
  }
}

const isOpen = ({ models }: WyomingStream, wanted: readonly WakeName[]): boolean =>
  wanted.every(({ model }) => models.includes(model));

const timestampOf = ({ timestamp }: WyomingEvent["data"]): number | undefined =>
  typeof timestamp === "number" && Number.isFinite(timestamp) ? timestamp : undefined;

/** More than any detector has, and few enough to look up without delaying other clients. */
const MAX_NAMES = 1000;

/** Most unknown names logged per client. */
const MAX_WARNED_NAMES = 100;

/** Time for a client to close its side of the connection. */
const GRACE_MS = 2000;

const ENCODINGS: Partial<Record<number, PcmEncoding>> = { 1: "u8", 2: "s16le", 3: "s24le", 4: "s32le" };

/** Format fields of an event, any of which may be missing. @throws CallsignError `PROTOCOL_INVALID` for an invalid value */
function formatOf(type: string, { rate, width, channels }: WyomingEvent["data"]): Partial<PcmFormat> {
  const integer = (name: string, value: unknown, [min, max]: readonly [number, number]): number => {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
      return value as number;
    throw invalidFormat(
      type,
      `${name} as an integer ${min} to ${max}, got ${JSON.stringify(value).slice(0, 100)}`,
    );
  };
  return {
    ...(isGiven(rate) && { sampleRateHz: integer("rate", rate, [8000, 384_000]) }),
    ...(isGiven(width) && { encoding: ENCODINGS[integer("width", width, [1, 4])]! }),
    ...(isGiven(channels) && { channels: integer("channels", channels, [1, 8]) }),
  };
}

/** @throws CallsignError `PROTOCOL_INVALID` for a missing field */
function completeFormat(type: string, { sampleRateHz, encoding, channels }: Partial<PcmFormat>): PcmFormat {
  if (sampleRateHz !== undefined && encoding !== undefined && channels !== undefined)
    return { sampleRateHz, encoding, channels };
  const missing = [
    ...(sampleRateHz === undefined ? ["rate"] : []),
    ...(encoding === undefined ? ["width"] : []),
    ...(channels === undefined ? ["channels"] : []),
  ];
  throw invalidFormat(type, `${missing.join(", ")} in it or in an audio-start before it`);
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const invalidFormat = (type: string, expected: string): CallsignError =>
  new CallsignError("PROTOCOL_INVALID", `${type}: expected ${expected}`);

const sameFormat = (a: PcmFormat, b: PcmFormat): boolean =>
  a.sampleRateHz === b.sampleRateHz && a.encoding === b.encoding && a.channels === b.channels;
