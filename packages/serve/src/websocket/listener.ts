import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { bearerOf, sameToken } from "../server/bearer-token.ts";
import type { ServerContext } from "../connection/connection.ts";
import { answerHttp } from "../server/http.ts";
import { serveWebSocket } from "./connection.ts";

/** Path of the WebSocket; its version is that of the messages. */
const WEBSOCKET_PATH = "/v1/stream";

export interface WebSocketListenerOptions {
  readonly context: ServerContext;
  /** Pages that may connect, as their `Origin`; those of this machine always may. */
  readonly origins: readonly string[];
  readonly isStopping: () => boolean;
}

/** An HTTP server, not listening yet, for health, metrics and WebSockets. */
export function createWebSocketListener(options: WebSocketListenerOptions): Server {
  const { context, isStopping } = options;
  const helloMs = context.limits.helloSeconds * 1000;
  const server = createServer(
    // Requests that trickle in, or never come; node looks for them every 30 s unless told otherwise.
    {
      headersTimeout: helloMs,
      requestTimeout: helloMs,
      connectionsCheckingInterval: Math.min(1000, helloMs),
    },
    (request, response) => answerHttp(request, { response, context, stopping: isStopping() }),
  );
  server.on("connection", (socket) => context.waiting.add(socket));
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: context.limits.messageBytes,
    perMessageDeflate: false,
    clientTracking: false,
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Without a listener a connection that breaks here would be an uncaught error.
    socket.on("error", () => undefined);
    const refusal = refuse(request, options);
    if (refusal !== undefined) {
      context.metrics.refused(refusal.reason);
      context.log("warn", "refused", {
        protocol: "websocket",
        peer: peerOf(request),
        reason: refusal.reason,
      });
      socket.end(`HTTP/1.1 ${refusal.status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      // The client may keep its half of the connection open.
      setTimeout(() => socket.destroy(), REFUSAL_GRACE_MS).unref();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const authorized =
        context.token === undefined || sameToken(bearerOf(request.headers.authorization), context.token);
      serveWebSocket(client, { context, peer: peerOf(request), socket, authorized });
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
  const { context, origins, isStopping } = options;
  if (isStopping()) return { status: "503 Service Unavailable", reason: "stopping" };
  if ((request.url ?? "").split("?", 1)[0] !== WEBSOCKET_PATH)
    return { status: "404 Not Found", reason: "path" };
  // A page anywhere can open a WebSocket to this machine; only its browser's word tells where it is from.
  const { origin, authorization } = request.headers;
  if (origin !== undefined && !origins.includes(origin) && !isLoopback(origin))
    return { status: "403 Forbidden", reason: "origin" };
  if (
    authorization !== undefined &&
    context.token !== undefined &&
    !sameToken(bearerOf(authorization), context.token)
  )
    return { status: "401 Unauthorized", reason: "token" };
  if (context.metrics.streams >= context.limits.streams)
    return { status: "503 Service Unavailable", reason: "streams" };
  return undefined;
}

function isLoopback(origin: string): boolean {
  const hostname = URL.canParse(origin) ? new URL(origin).hostname : undefined;
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}
