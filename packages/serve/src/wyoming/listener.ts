import { createServer, type Server, type Socket } from "node:net";
import { Duplex, type Readable, type Writable } from "node:stream";
import type { ServerContext } from "../connection/connection.ts";
import { serveWyoming } from "./connection.ts";
import { encodeWyomingEvent } from "./parser.ts";
import { WakeNames } from "./wake-names.ts";

/** Creates a Wyoming server for TCP or a Unix socket, not yet listening. */
export function createWyomingListener(context: ServerContext, isStopping: () => boolean): Server {
  const wakeNames = new WakeNames(context.detector.cards);
  return createServer({ allowHalfOpen: true }, (socket) => {
    context.waiting.add(socket);
    if (isStopping() || context.metrics.streams >= context.limits.streams)
      return refuse(socket, { context, reason: isStopping() ? "stopping" : "streams" });
    socket.setNoDelay(true);
    // A paused satellite sends nothing for hours; TCP keep-alive detects one that is gone.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    serveWyoming(socket, { context, wakeNames, peer: peerOf(socket), mayBeSilent: "after-hello" });
  });
}

/** Serves one client over a pair of streams, such as standard input and output. Resolves when it has disconnected. */
export function serveWyomingPair(
  { input, output }: { readonly input: Readable; readonly output: Writable },
  context: ServerContext,
): Promise<void> {
  const connection = Duplex.from({ readable: input, writable: output });
  return new Promise((resolve) => {
    connection.on("close", resolve);
    const wakeNames = new WakeNames(context.detector.cards);
    serveWyoming(connection, { context, wakeNames, peer: "stdio", mayBeSilent: "always" });
  });
}

/** Idle time before the first keep-alive probe; Node then allows ten seconds for an answer. */
const KEEP_ALIVE_MS = 60_000;

const peerOf = ({ remoteAddress, remotePort }: Socket): string =>
  remoteAddress === undefined ? "unix" : `${remoteAddress}:${remotePort}`;

function refuse(
  socket: Socket,
  { context, reason }: { readonly context: ServerContext; readonly reason: string },
): void {
  context.metrics.refused(reason);
  context.log("warn", "refused", { protocol: "wyoming", peer: peerOf(socket), reason });
  socket.on("error", () => undefined);
  socket.resume();
  socket.end(encodeWyomingEvent("error", { text: "the server takes no more streams now", code: "BUSY" }));
  setTimeout(() => socket.destroy(), 1000).unref();
}
