import type { Duplex } from "node:stream";
import type { PcmEncoding } from "../../audio/pcm-decoder.ts";
import { closestName } from "../../closest-name.ts";
import { CallsignError } from "../../errors.ts";
import type { ModelStep } from "../../feature-track.ts";
import { ClientSession, type Farewell, type ServeHub, type Wire } from "./client-session.ts";
import { bytesPerSecondOf, type PcmFormat } from "./live-stream.ts";
import { WyomingClock } from "./wyoming-clock.ts";
import { encodeWyomingEvent, type WyomingEvent, WyomingParser } from "./wyoming-parser.ts";
import type { WakeName, WakeNames } from "./wyoming-wake-names.ts";

export interface ServeWyomingOptions {
  readonly hub: ServeHub;
  readonly wakeNames: WakeNames;
  /** For the log. */
  readonly peer: string;
  readonly mayBeSilent: Wire["mayBeSilent"] & string;
}

/** Serves one Wyoming connection until it closes: a socket, or standard input and output as one stream. */
export function serveWyoming(connection: Duplex, options: ServeWyomingOptions): void {
  const client = new WyomingClient(connection, options);
  connection.on("data", (bytes: Buffer) => client.receive(bytes));
}

/** Audio that is heard now, from `audio-start` or the first chunk to `audio-stop`, or to a change of format or models. */
interface WyomingStream {
  readonly format: PcmFormat;
  readonly models: readonly string[];
  readonly clock: WyomingClock;
  /** Wake words whose detections are sent; changed in turn with the audio. */
  wanted: readonly WakeName[];
}

class WyomingClient {
  readonly #connection: Duplex;
  readonly #hub: ServeHub;
  readonly #session: ClientSession;
  readonly #parser: WyomingParser;
  readonly #wakeNames: WakeNames;
  #wanted: readonly WakeName[];
  /** Opened by the first chunk, which says how it is written. */
  #stream: WyomingStream | undefined;
  /** What the last `audio-start` said; undefined outside of a stream. */
  #start: { readonly format: Partial<PcmFormat>; readonly timestampMs: number | undefined } | undefined;
  /** Names detected since the last start. */
  #detected = new Set<string>();
  /** Unknown names already in the log: satellites ask again after every command. */
  readonly #warned = new Set<string>();

  constructor(connection: Duplex, { hub, wakeNames, peer, mayBeSilent }: ServeWyomingOptions) {
    this.#connection = connection;
    this.#hub = hub;
    this.#parser = new WyomingParser({ mostBytes: hub.limits.messageBytes });
    this.#wakeNames = wakeNames;
    this.#wanted = wakeNames.all;
    this.#session = new ClientSession(
      {
        protocol: "wyoming",
        peer,
        connection,
        mayBeSilent,
        pause: () => connection.pause(),
        resume: () => connection.resume(),
        unreadBytes: () => connection.writableLength,
        close: (farewell) => this.#close(farewell),
      },
      hub,
    );
    connection.on("error", (error) => this.#session.gone("CLOSED", error.message));
    connection.on("close", () => this.#session.gone("CLOSED"));
    // A client that has sent everything may still wait for the answers.
    connection.on("end", () => this.#session.finishAll(() => void connection.end()));
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
    if (type === "describe") this.#send("info", this.#wakeNames.info(this.#hub.version));
    else if (type === "ping") this.#send("pong", typeof data.text === "string" ? { text: data.text } : {});
    else if (type === "detect") this.#detect(data);
    else if (type === "audio-start") this.#begin(data);
    else if (type === "audio-chunk") this.#hear(data, payload);
    else if (type === "audio-stop") this.#stop();
    // Events of other services mean nothing here, and newer ones must not end the connection.
  }

  #detect({ names }: WyomingEvent["data"]): void {
    this.#wanted = this.#namesOf(names);
    const stream = this.#stream;
    const wanted = this.#wanted;
    // In mid-stream the audio goes on. Models that are not open yet are opened by the next chunk.
    if (stream !== undefined && isOpen(stream, wanted))
      this.#session.inTurn(() => {
        stream.wanted = wanted;
      });
  }

  /** The wake words of a `detect`. As in wyoming-openwakeword unknown ones are skipped; without a known one all are meant. */
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
    this.#hub.log("warn", "unknown wake word", {
      session: this.#session.id,
      names: names.slice(0, 10),
      known: known.slice(0, 100),
      ...(near !== undefined && { didYouMean: near }),
    });
  }

  #begin(data: WyomingEvent["data"]): void {
    this.#end();
    // Some clients leave the format to the chunks.
    this.#start = { format: formatOf("audio-start", data), timestampMs: timestampOf(data) };
    this.#detected = new Set();
  }

  #hear(data: WyomingEvent["data"], payload: Uint8Array): void {
    const timestampMs = timestampOf(data);
    const format = completeFormat("audio-chunk", {
      ...this.#start?.format,
      ...formatOf("audio-chunk", data),
    });
    let stream = this.#stream;
    if (stream === undefined || !sameFormat(stream.format, format) || !isOpen(stream, this.#wanted)) {
      if (stream === undefined && this.#start === undefined) this.#detected = new Set();
      const startMs = stream?.clock.nowMs ?? this.#start?.timestampMs ?? timestampMs ?? 0;
      this.#end();
      stream = this.#listen(format, startMs);
    }
    stream.clock.add((1000 * payload.length) / bytesPerSecondOf(format), timestampMs);
    this.#session.hear(payload);
  }

  #listen(format: PcmFormat, startMs: number): WyomingStream {
    const wanted = this.#wanted;
    const models = [...new Set(wanted.map(({ model }) => model))];
    const stream: WyomingStream = { format, models, wanted, clock: new WyomingClock(startMs) };
    this.#stream = stream;
    const detected = this.#detected;
    const onSteps = (steps: readonly ModelStep[]): void => {
      for (const { detections } of steps)
        for (const { model, label, timestampMs } of detections) {
          const name = stream.wanted.find((one) => one.model === model && one.label === label)?.name;
          if (name === undefined) continue;
          detected.add(name);
          this.#send("detection", { name, timestamp: Math.round(stream.clock.at(timestampMs)) });
        }
    };
    this.#session.listen(format, { models, onSteps }).catch((error: unknown) => this.#session.fail(error));
    return stream;
  }

  /** Ends the open stream; its audio is heard to the end. */
  #end(): void {
    this.#stream = undefined;
    this.#session.finish(() => undefined);
  }

  /** Answers after all audio before it, also where there was none. */
  #stop(): void {
    const [detected, wanted] = [this.#detected, this.#wanted];
    this.#stream = undefined;
    this.#start = undefined;
    this.#session.finishAll(() => {
      if (!wanted.some(({ name }) => detected.has(name))) this.#send("not-detected");
    });
  }

  #send(type: string, data: Readonly<Record<string, unknown>> = {}): void {
    if (!this.#connection.writable) return;
    this.#connection.write(encodeWyomingEvent(type, data));
    this.#session.checkReader();
  }

  #close({ reason, message }: Farewell): void {
    const connection = this.#connection;
    if (connection.writable && reason !== "CLOSED")
      connection.end(encodeWyomingEvent("error", { text: message, code: reason }));
    // What still comes is read away, so that the end of the connection is seen.
    connection.resume();
    setTimeout(() => connection.destroy(), GRACE_MS).unref();
  }
}

const isOpen = ({ models }: WyomingStream, wanted: readonly WakeName[]): boolean =>
  wanted.every(({ model }) => models.includes(model));

const timestampOf = ({ timestamp }: WyomingEvent["data"]): number | undefined =>
  typeof timestamp === "number" && Number.isFinite(timestamp) ? timestamp : undefined;

/** More than any model set has, and few enough to look up at once. */
const MAX_NAMES = 1000;

/** Unknown names of one client after which the log has enough of them. */
const MAX_WARNED_NAMES = 100;

/** How long a client has to close its side before it is cut off. */
const GRACE_MS = 2000;

const ENCODINGS: Partial<Record<number, PcmEncoding>> = { 1: "u8", 2: "s16le", 3: "s24le", 4: "s32le" };

/** What an event says of its audio's format: all, or a part. @throws CallsignError `PROTOCOL_INVALID` for a wrong value */
function formatOf(type: string, { rate, width, channels }: WyomingEvent["data"]): Partial<PcmFormat> {
  const integer = (name: string, value: unknown, [least, most]: readonly [number, number]): number => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number;
    throw invalidFormat(
      type,
      `${name} as an integer ${least} to ${most}, got ${JSON.stringify(value).slice(0, 100)}`,
    );
  };
  return {
    ...(isGiven(rate) && { sampleRateHz: integer("rate", rate, [8000, 384_000]) }),
    ...(isGiven(width) && { encoding: ENCODINGS[integer("width", width, [1, 4])]! }),
    ...(isGiven(channels) && { channels: integer("channels", channels, [1, 8]) }),
  };
}

/** @throws CallsignError `PROTOCOL_INVALID` where something is missing */
function completeFormat(type: string, { sampleRateHz, encoding, channels }: Partial<PcmFormat>): PcmFormat {
  if (sampleRateHz !== undefined && encoding !== undefined && channels !== undefined)
    return { sampleRateHz, encoding, channels };
  const missing = [
    ...(sampleRateHz === undefined ? ["rate"] : []),
    ...(encoding === undefined ? ["width"] : []),
    ...(channels === undefined ? ["channels"] : []),
  ];
  throw invalidFormat(type, `${missing.join(", ")}, which neither it nor an audio-start before it gave`);
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const invalidFormat = (type: string, expected: string): CallsignError =>
  new CallsignError("PROTOCOL_INVALID", `${type}: expected ${expected}`);

const sameFormat = (a: PcmFormat, b: PcmFormat): boolean =>
  a.sampleRateHz === b.sampleRateHz && a.encoding === b.encoding && a.channels === b.channels;
