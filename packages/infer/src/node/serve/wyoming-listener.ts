import { createServer, type Server, type Socket } from "node:net";
import { Duplex, type Readable, type Writable } from "node:stream";
import type { ServeHub } from "./client-session.ts";
import { serveWyoming } from "./wyoming-client.ts";
import { encodeWyomingEvent } from "./wyoming-parser.ts";
import { WakeNames } from "./wyoming-wake-names.ts";

/** A server for TCP or a Unix socket, not listening yet, that speaks Wyoming. */
export function createWyomingListener(hub: ServeHub, isStopping: () => boolean): Server {
  const wakeNames = new WakeNames(hub.set.cards);
  return createServer({ allowHalfOpen: true }, (socket) => {
    hub.waiting.add(socket);
    if (isStopping() || hub.metrics.streams >= hub.limits.streams)
      return refuse(socket, { hub, reason: isStopping() ? "stopping" : "streams" });
    socket.setNoDelay(true);
    // A satellite sends nothing for hours while it is paused, so the system asks whether it is still there.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    serveWyoming(socket, { hub, wakeNames, peer: peerOf(socket), mayBeSilent: "after-hello" });
  });
}

/** Serves one client over a pair of streams, such as standard input and output. Resolves when it is gone. */
export function serveWyomingPair(
  { input, output }: { readonly input: Readable; readonly output: Writable },
  hub: ServeHub,
): Promise<void> {
  const connection = Duplex.from({ readable: input, writable: output });
  return new Promise((resolve) => {
    connection.on("close", resolve);
    const wakeNames = new WakeNames(hub.set.cards);
    serveWyoming(connection, { hub, wakeNames, peer: "stdio", mayBeSilent: "always" });
  });
}

/** Silence after which the peer is probed; Node then gives it ten seconds to answer. */
const KEEP_ALIVE_MS = 60_000;

const peerOf = ({ remoteAddress, remotePort }: Socket): string =>
  remoteAddress === undefined ? "unix" : `${remoteAddress}:${remotePort}`;

function refuse(socket: Socket, { hub, reason }: { readonly hub: ServeHub; readonly reason: string }): void {
  hub.metrics.refused(reason);
  hub.log("warn", "refused", { protocol: "wyoming", peer: peerOf(socket), reason });
  socket.on("error", () => undefined);
  socket.resume();
  socket.end(encodeWyomingEvent("error", { text: "the server takes no more streams now", code: "BUSY" }));
  setTimeout(() => socket.destroy(), 1000).unref();
}
