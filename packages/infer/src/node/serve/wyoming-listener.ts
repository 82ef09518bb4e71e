import { createServer, type Server } from "node:net";
import type { ServeHub } from "./client-session.ts";
import { serveWyoming } from "./wyoming-client.ts";
import { encodeWyomingEvent } from "./wyoming-parser.ts";

/** A TCP server, not listening yet, that speaks Wyoming. */
export function createWyomingListener(hub: ServeHub, isStopping: () => boolean): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    hub.waiting.add(socket);
    if (!isStopping() && hub.metrics.streams < hub.limits.streams) return serveWyoming(socket, hub);
    const reason = isStopping() ? "stopping" : "streams";
    hub.metrics.refused(reason);
    hub.log("warn", "refused", { protocol: "wyoming", peer: socket.remoteAddress, reason });
    socket.on("error", () => undefined);
    socket.resume();
    socket.end(encodeWyomingEvent("error", { text: "the server takes no more streams now", code: "BUSY" }));
    setTimeout(() => socket.destroy(), 1000).unref();
  });
}
