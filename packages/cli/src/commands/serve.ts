import { once } from "node:events";
import type { ServeOptions } from "@callsign/infer/node";
import { type Command, InvalidArgumentError } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { addHeadOptions } from "../head-options.ts";
import { loadDetectorSetFor, type OpenDetectorSetFlags, sensitivityOf } from "../open-detector-set.ts";
import { parseNumber } from "../parse-number.ts";
import { parseThreshold } from "../parse-threshold.ts";

interface ServeFlags extends OpenDetectorSetFlags {
  readonly host: string;
  readonly port: number | false;
  readonly wyomingHost: string;
  readonly wyomingPort: number | false;
  readonly token?: string | false;
  readonly allowOrigin?: readonly string[];
  readonly voiceGate?: boolean;
  readonly json?: boolean;
  readonly maxStreams?: number;
  readonly maxMessageBytes?: number;
  readonly maxAudioFactor?: number;
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
    .option("--max-streams <count>", "clients at once (256)", parseNumber)
    .option("--max-message-bytes <bytes>", "largest message (1048576)", parseNumber)
    .option("--max-audio-factor <times>", "audio a client may send, in times real time (4)", parseNumber)
    .option(
      "--idle-seconds <seconds>",
      "without a message for so long, a client is dropped (60)",
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
        "  CALLSIGN_TOKEN=... callsign serve models/oxygen --host 0.0.0.0 --no-wyoming-port",
    )
    .action((models: string[], flags: ServeFlags) => serve(context, { models, flags }));
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
    if (flags.json === true) printJson(context, { http, wyoming, models: set.cards.map(({ name }) => name) });
    if (!context.signal.aborted) await once(context.signal, "abort");
    await server.close();
  } finally {
    await set.dispose();
  }
}

function serveOptions(context: CliContext, flags: ServeFlags): ServeOptions {
  const token = flags.token === false ? undefined : (flags.token ?? context.env.CALLSIGN_TOKEN);
  const limits = {
    streams: flags.maxStreams,
    messageBytes: flags.maxMessageBytes,
    audioFactor: flags.maxAudioFactor,
    idleSeconds: flags.idleSeconds,
    totalSeconds: flags.totalSeconds,
  };
  return {
    ...(flags.port !== false && { http: { host: flags.host, port: flags.port } }),
    ...(flags.wyomingPort !== false && { wyoming: { host: flags.wyomingHost, port: flags.wyomingPort } }),
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
