import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { bearerOf, sameToken } from "./bearer-token.ts";
import type { ServeHub } from "./client-session.ts";
import { answerHttp } from "./http-endpoints.ts";
import { serveWebSocket } from "./websocket-client.ts";

/** Path of the WebSocket; its version is that of the messages. */
const WEBSOCKET_PATH = "/v1/stream";

export interface WebSocketListenerOptions {
  readonly hub: ServeHub;
  /** Pages that may connect, as their `Origin`; those of this machine always may. */
  readonly origins: readonly string[];
  readonly isStopping: () => boolean;
}

/** An HTTP server, not listening yet, for health, metrics and WebSockets. */
export function createWebSocketListener(options: WebSocketListenerOptions): Server {
  const { hub, isStopping } = options;
  const helloMs = hub.limits.helloSeconds * 1000;
  const server = createServer(
    // Requests that trickle in, or never come; node looks for them every 30 s unless told otherwise.
    {
      headersTimeout: helloMs,
      requestTimeout: helloMs,
      connectionsCheckingInterval: Math.min(1000, helloMs),
    },
    (request, response) => answerHttp(request, { response, hub, stopping: isStopping() }),
  );
  server.on("connection", (socket) => hub.waiting.add(socket));
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: hub.limits.messageBytes,
    perMessageDeflate: false,
    clientTracking: false,
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Without a listener a connection that breaks here would be an uncaught error.
    socket.on("error", () => undefined);
    const refusal = refuse(request, options);
    if (refusal !== undefined) {
      hub.metrics.refused(refusal.reason);
      hub.log("warn", "refused", { protocol: "websocket", peer: peerOf(request), reason: refusal.reason });
      socket.end(`HTTP/1.1 ${refusal.status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      // The client may keep its half of the connection open.
      setTimeout(() => socket.destroy(), REFUSAL_GRACE_MS).unref();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const authorized =
        hub.token === undefined || sameToken(bearerOf(request.headers.authorization), hub.token);
      serveWebSocket(client, { hub, peer: peerOf(request), connection: socket, authorized });
    });
  });
  return server;
}

/** Time for a refused client to read why and close. */
const REFUSAL_GRACE_MS = 1000;

const peerOf = ({ socket }: IncomingMessage): string => `${socket.remoteAddress}:${socket.remotePort}`;

interface Refusal {
  readonly status: string;
  readonly reason: string;
}

function refuse(request: IncomingMessage, options: WebSocketListenerOptions): Refusal | undefined {
  const { hub, origins, isStopping } = options;
  if (isStopping()) return { status: "503 Service Unavailable", reason: "stopping" };
  if ((request.url ?? "").split("?", 1)[0] !== WEBSOCKET_PATH)
    return { status: "404 Not Found", reason: "path" };
  // A page anywhere can open a WebSocket to this machine; only its browser's word tells where it is from.
  const { origin, authorization } = request.headers;
  if (origin !== undefined && !origins.includes(origin) && !isLoopback(origin))
    return { status: "403 Forbidden", reason: "origin" };
  if (
    authorization !== undefined &&
    hub.token !== undefined &&
    !sameToken(bearerOf(authorization), hub.token)
  )
    return { status: "401 Unauthorized", reason: "token" };
  if (hub.metrics.streams >= hub.limits.streams)
    return { status: "503 Service Unavailable", reason: "streams" };
  return undefined;
}

function isLoopback(origin: string): boolean {
  const hostname = URL.canParse(origin) ? new URL(origin).hostname : undefined;
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}
