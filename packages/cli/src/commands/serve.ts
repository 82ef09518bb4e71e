import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { CallsignError } from "@callsign/audio/internal";
import type { DetectorServer, ServeOptions } from "@callsign/serve/internal";
import type { Command } from "commander";
import { type CliContext, printJson } from "../context.ts";
import {
  addDetectorOptions,
  type DetectorFlags,
  MODEL_HELP,
  openDetector,
  sensitivityOf,
} from "../flags/detector.ts";
import { parseNumber, parsePort } from "../flags/numbers.ts";
import { parseWyomingUri, type WyomingUri } from "../flags/wyoming-uri.ts";

interface ServeFlags extends DetectorFlags {
  readonly host: string;
  readonly port: number | false;
  readonly wyomingHost: string;
  readonly wyomingPort: number | false;
  readonly wyoming?: WyomingUri;
  readonly zeroconf?: boolean | string;
  readonly token?: string | false;
  readonly allowOrigin?: readonly string[];
  readonly levelGate?: boolean;
  readonly json?: boolean;
  readonly maxStreams?: number;
  readonly maxMessageBytes?: number;
  readonly maxAudioFactor?: number;
  readonly helloSeconds?: number;
  readonly idleSeconds?: number;
  readonly totalSeconds?: number;
}

/** Registers `callsign serve`: a detection server for WebSocket and Wyoming clients. */
export function registerServe(program: Command, context: CliContext): void {
  const serveCommand = program
    .command("serve")
    .description(
      "Serve models over WebSocket (ws://HOST:PORT/v1/stream, with /health and /metrics) and over Wyoming, the wake-word protocol of Home Assistant.",
    )
    .argument("<model...>", MODEL_HELP)
    .option(
      "--host <address>",
      "address of HTTP and WebSocket; non-loopback addresses need --token",
      "127.0.0.1",
    )
    .option("--port <port>", "port of HTTP and WebSocket", parsePort, 8787)
    .option("--no-port", "switch HTTP and WebSocket off")
    .option(
      "--wyoming-host <address>",
      "address of Wyoming; any client that can reach it may connect",
      "127.0.0.1",
    )
    .option("--wyoming-port <port>", "port of Wyoming", parsePort, 10_400)
    .option("--no-wyoming-port", "switch Wyoming off")
    .option(
      "--uri, --wyoming <uri>",
      "address of Wyoming, instead of --wyoming-host and --wyoming-port: tcp://HOST:PORT, unix:///PATH (a socket for this " +
        "user only), or stdio:// (one client; no HTTP unless --port is given; stops at the end of standard input)",
      parseWyomingUri,
    )
    .option(
      "--zeroconf [name]",
      "announce Wyoming on the network under this name (default: callsign-HOSTNAME, if other machines can connect)",
    )
    .option("--no-zeroconf", "do not announce Wyoming")
    .option(
      "--token <text>",
      "token that WebSocket clients must send; prefer the environment variable CALLSIGN_TOKEN, which other users cannot see",
    )
    .option("--no-token", "allow a non-loopback --host without a token")
    .option(
      "--allow-origin <origin...>",
      "origins of web pages that may connect, besides those on this machine",
    )
    .option("--level-gate", "skip computation during silence")
    .optionsGroup("Limits:")
    .option("--max-streams <count>", "maximum number of clients (default: 256)", parseNumber)
    .option("--max-message-bytes <bytes>", "maximum size of a message (default: 1048576)", parseNumber)
    .option(
      "--max-audio-factor <times>",
      "maximum rate of a client's audio, as a multiple of real time (default: 4)",
      parseNumber,
    )
    .option(
      "--hello-seconds <seconds>",
      "time in which a WebSocket client must send hello (default: 5)",
      parseNumber,
    )
    .option(
      "--idle-seconds <seconds>",
      "time without messages after which a client is disconnected (default: 60); Wyoming: only before its first event",
      parseNumber,
    )
    .option("--total-seconds <seconds>", "maximum duration of a connection (default: 86400)", parseNumber)
    .optionsGroup("Options:")
    .option("--json", "print the addresses and models as one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nLogs are JSON lines on stderr. docs/serve.md describes the protocols.\n\nExamples:\n" +
        "  callsign serve models/oxygen models/battery\n" +
        "  callsign serve models/oxygen --wyoming-host 0.0.0.0 --no-port   # Home Assistant, trusted network\n" +
        '  callsign serve hey_nimbus_v0.1.onnx --name "Hey Nimbus" --wyoming unix:///run/user/1000/callsign.sock\n' +
        "  CALLSIGN_TOKEN=... callsign serve models/oxygen --host 0.0.0.0 --no-wyoming-port",
    )
    .action((models: string[], flags: ServeFlags, command: Command) =>
      serve(context, { models, flags: resolveListeners(flags, command) }),
    );
  addDetectorOptions(serveCommand);
}

async function serve(
  context: CliContext,
  { models, flags }: { models: readonly string[]; flags: ServeFlags },
): Promise<void> {
  const { serveDetectors } = await import("@callsign/serve/internal");
  const { checkThresholdLabels } = await import("@callsign/infer/internal");
  // Clients that ask for their own sensitivity start from the cards' thresholds, so the flags' are not set here.
  const sensitivity = sensitivityOf(flags);
  const { threshold: _threshold, falseAlarmsPerDay: _rate, ...loading } = flags;
  const detector = await openDetector(context, models, loading);
  try {
    checkThresholdLabels(detector.cards, sensitivity);
    const server = await serveDetectors(detector, { ...serveOptions(context, flags), sensitivity });
    const { http, wyoming } = server;
    const wyomingSocket = flags.wyoming?.kind === "unix" ? flags.wyoming.path : undefined;
    const served = detector.cards.map(({ name }) => name);
    if (flags.json === true) printJson(context, { http, wyoming, wyomingSocket, models: served });
    // The log is JSON; a person at a terminal gets the addresses in plain text as well.
    if (context.interactive) context.stderr(formatAddresses(server));
    if (!context.signal.aborted) await Promise.race([once(context.signal, "abort"), server.pairClosed]);
    await server.close();
  } finally {
    await detector.dispose();
  }
}

function formatAddresses({ http, wyoming }: Pick<DetectorServer, "http" | "wyoming">): string {
  return [
    ...(http ? [`WebSocket: ws://${hostPort(http)}/v1/stream\n`] : []),
    ...(wyoming ? [`Wyoming: tcp://${hostPort(wyoming)}\n`] : []),
  ].join("");
}

const hostPort = ({ address, port, family }: AddressInfo): string =>
  `${family === "IPv6" ? `[${address}]` : address}:${port}`;

/** Applies `--wyoming`, which replaces the host and port flags; with `stdio://` standard output carries the protocol. */
function resolveListeners(flags: ServeFlags, command: Command): ServeFlags {
  if (flags.wyoming === undefined) return flags;
  const isGiven = (flag: string): boolean => command.getOptionValueSource(flag) !== "default";
  for (const [key, flag] of [
    ["wyomingHost", "--wyoming-host"],
    ["wyomingPort", "--wyoming-port"],
  ] as const)
    if (isGiven(key))
      throw new CallsignError("INVALID_ARGUMENT", `serve: give --wyoming or ${flag}, not both`);
  if (flags.wyoming.kind !== "stdio") return flags;
  if (flags.json === true)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      "serve: with --wyoming stdio:// standard output carries the protocol, so --json is not possible",
    );
  return isGiven("port") ? flags : { ...flags, port: false };
}

function wyomingListener(flags: ServeFlags): Pick<ServeOptions, "wyoming" | "wyomingSocket" | "wyomingPair"> {
  const { wyoming: uri, wyomingHost: host, wyomingPort: port } = flags;
  switch (uri?.kind) {
    case "tcp":
      return { wyoming: { host: uri.host, port: uri.port } };
    case "unix":
      return { wyomingSocket: uri.path };
    case "stdio":
      return { wyomingPair: { input: process.stdin, output: standardOutput() } };
    default:
      return port === false ? {} : { wyoming: { host, port } };
  }
}

/** Standard output as a stream that can be ended; `process.stdout` itself cannot. */
const standardOutput = (): Writable =>
  new Writable({ write: (bytes, encoding, done) => void process.stdout.write(bytes, encoding, done) });

function serveOptions(context: CliContext, flags: ServeFlags): ServeOptions {
  const token = flags.token === false ? undefined : (flags.token ?? context.env.CALLSIGN_TOKEN);
  const limits = {
    streams: flags.maxStreams,
    messageBytes: flags.maxMessageBytes,
    audioFactor: flags.maxAudioFactor,
    helloSeconds: flags.helloSeconds,
    idleSeconds: flags.idleSeconds,
    totalSeconds: flags.totalSeconds,
  };
  return {
    ...(flags.port !== false && { http: { host: flags.host, port: flags.port } }),
    ...wyomingListener(flags),
    ...(flags.zeroconf !== undefined && { zeroconf: flags.zeroconf }),
    ...(token !== undefined && { token }),
    withoutToken: flags.token === false,
    origins: flags.allowOrigin ?? [],
    limits: Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
    ...(flags.levelGate === true && { levelGate: {} }),
    log: (record) => context.stderr(`${JSON.stringify(record)}\n`),
  };
}
