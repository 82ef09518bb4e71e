import { once } from "node:events";
import { Writable } from "node:stream";
import { CallsignError } from "@callsign/infer";
import type { ServeOptions } from "@callsign/infer/node";
import { type Command, InvalidArgumentError } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { addHeadOptions } from "../head-options.ts";
import { loadDetectorSetFor, type OpenDetectorSetFlags, sensitivityOf } from "../open-detector-set.ts";
import { parseNumber } from "../parse-number.ts";
import { parseThreshold } from "../parse-threshold.ts";
import { parseWyomingUri, type WyomingUri } from "../wyoming-uri.ts";

interface ServeFlags extends OpenDetectorSetFlags {
  readonly host: string;
  readonly port: number | false;
  readonly wyomingHost: string;
  readonly wyomingPort: number | false;
  readonly wyoming?: WyomingUri;
  readonly zeroconf?: boolean | string;
  readonly token?: string | false;
  readonly allowOrigin?: readonly string[];
  readonly voiceGate?: boolean;
  readonly json?: boolean;
  readonly maxStreams?: number;
  readonly maxMessageBytes?: number;
  readonly maxAudioFactor?: number;
  readonly helloSeconds?: number;
  readonly idleSeconds?: number;
  readonly totalSeconds?: number;
}

/** `callsign serve`: models for any number of clients, over WebSocket and Wyoming. */
export function registerServe(program: Command, context: CliContext): void {
  const serveCommand = program
    .command("serve")
    .description(
      "Serve models over WebSocket (ws://HOST:PORT/v1/stream, with /health and /metrics) and, as a wake-word service for Home Assistant, over Wyoming.",
    )
    .argument("<model...>", "model folders, or .onnx heads without a card")
    .option(
      "--host <address>",
      "where HTTP and WebSocket listen; others than loopback want a token",
      "127.0.0.1",
    )
    .option("--port <port>", "HTTP and WebSocket port", parsePort, 8787)
    .option("--no-port", "no HTTP, no WebSocket")
    .option("--wyoming-host <address>", "where Wyoming listens; it knows no tokens", "127.0.0.1")
    .option("--wyoming-port <port>", "Wyoming port", parsePort, 10_400)
    .option("--no-wyoming-port", "no Wyoming")
    .option(
      "--uri, --wyoming <uri>",
      "where Wyoming is spoken instead, as its reference servers take it: tcp://HOST:PORT, unix:///PATH (a socket for " +
        "this user alone), or stdio:// (no HTTP unless --port is given; ends with its input)",
      parseWyomingUri,
    )
    .option(
      "--zeroconf [name]",
      "announce Wyoming in the network for Home Assistant; done by itself, under a name of its own, where other " +
        "machines can connect",
    )
    .option("--no-zeroconf", "no announcement")
    .option("--token <text>", "what WebSocket clients must show; better in CALLSIGN_TOKEN, which nobody sees")
    .option("--no-token", "no token, even where other machines can connect")
    .option("--allow-origin <origin...>", "web pages that may connect, besides those of this machine")
    .option(
      "--threshold <score>",
      "instead of the models' own, for all labels, or LABEL=SCORE,...",
      parseThreshold,
    )
    .option("--false-alarms-per-day <number>", "for all models, by their cards' curves", parseNumber)
    .option("--voice-gate", "pass over silence without computing anything")
    .option("--max-streams <count>", "clients at once that said hello (256)", parseNumber)
    .option("--max-message-bytes <bytes>", "largest message (1048576)", parseNumber)
    .option("--max-audio-factor <times>", "audio a client may send, in times real time (4)", parseNumber)
    .option("--hello-seconds <seconds>", "time for a WebSocket client to say hello (5)", parseNumber)
    .option(
      "--idle-seconds <seconds>",
      "a client that sends nothing for this long is dropped (60); over Wyoming only one that has sent nothing yet",
      parseNumber,
    )
    .option("--total-seconds <seconds>", "no connection lasts longer (86400)", parseNumber)
    .option("--embedding <file>", "speech embedding ONNX file; else found as `callsign models` says")
    .option("--json", "print where it listens as one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nLogs are JSON lines on stderr. The messages are described in docs/serve.md.\n\nExamples:\n" +
        "  callsign serve models/oxygen models/battery\n" +
        "  callsign serve models/oxygen --wyoming-host 0.0.0.0 --no-port   # for Home Assistant in a trusted network\n" +
        '  callsign serve hey_nimbus_v0.1.onnx --name "Hey Nimbus" --wyoming unix:///run/user/1000/callsign.sock\n' +
        "  CALLSIGN_TOKEN=... callsign serve models/oxygen --host 0.0.0.0 --no-wyoming-port",
    )
    .action((models: string[], flags: ServeFlags, command: Command) =>
      serve(context, { models, flags: resolveDoors(flags, command) }),
    );
  addHeadOptions(serveCommand);
}

async function serve(
  context: CliContext,
  { models, flags }: { models: readonly string[]; flags: ServeFlags },
): Promise<void> {
  const { serveDetectors } = await import("@callsign/infer/node");
  const set = await loadDetectorSetFor(context, { models, flags });
  try {
    const server = await serveDetectors(set, serveOptions(context, flags));
    const { http, wyoming } = server;
    const wyomingSocket = flags.wyoming?.kind === "unix" ? flags.wyoming.path : undefined;
    const served = set.cards.map(({ name }) => name);
    if (flags.json === true) printJson(context, { http, wyoming, wyomingSocket, models: served });
    if (!context.signal.aborted) await Promise.race([once(context.signal, "abort"), server.pairClosed]);
    await server.close();
  } finally {
    await set.dispose();
  }
}

/** `--wyoming` replaces the host and port flags; with `stdio://` standard output is the protocol's. */
function resolveDoors(flags: ServeFlags, command: Command): ServeFlags {
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

function wyomingDoor(flags: ServeFlags): Pick<ServeOptions, "wyoming" | "wyomingSocket" | "wyomingPair"> {
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

/** Standard output as a stream that can be ended, which standard output itself cannot. */
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
    ...wyomingDoor(flags),
    ...(flags.zeroconf !== undefined && { zeroconf: flags.zeroconf }),
    ...(token !== undefined && { token }),
    withoutToken: flags.token === false,
    origins: flags.allowOrigin ?? [],
    limits: Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
    sensitivity: sensitivityOf(flags),
    ...(flags.voiceGate === true && { voiceGate: {} }),
    log: (record) => context.stderr(`${JSON.stringify(record)}\n`),
  };
}

function parsePort(text: string): number {
  const port = parseNumber(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError(`Expected a port 0 to 65535, got "${text}".`);
}
