import { createServer, type IncomingMessage, type Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { bearerOf, sameToken } from "../server/bearer-token.ts";
import type { ServerContext } from "../connection/connection.ts";
import { answerHttp } from "../server/http.ts";
import { serveWebSocket } from "./connection.ts";

/** Path of the WebSocket, with the version of the messages. */
const WEBSOCKET_PATH = "/v1/stream";

export interface WebSocketListenerOptions {
  readonly context: ServerContext;
  /** Allowed values of `Origin`, in addition to pages on this machine. */
  readonly origins: readonly string[];
  readonly isStopping: () => boolean;
}

/** Creates an HTTP server for health, metrics and WebSockets, not yet listening. */
export function createWebSocketListener(options: WebSocketListenerOptions): Server {
  const { context, isStopping } = options;
  const helloMs = context.limits.helloSeconds * 1000;
  const server = createServer(
    // For slow or missing requests, which Node checks every 30 s by default.
    {
      headersTimeout: helloMs,
      requestTimeout: helloMs,
      connectionsCheckingInterval: Math.min(1000, helloMs),
    },
    (request, response) => answerHttp(request, { response, context, stopping: isStopping() }),
  );
  server.on("connection", (socket) => context.waiting.add(socket));
  server.on("upgrade", acceptWebSockets(options));
  return server;
}

/**
 * Adds the WebSocket to an HTTP server of the caller. Other paths are left to the caller's listeners.
 * @returns a function that takes it away again; connections stay open
 */
export function addWebSocket(server: Server, options: WebSocketListenerOptions): () => void {
  const accept = acceptWebSockets(options);
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== WEBSOCKET_PATH) return;
    // The types of Node say Duplex, for servers on other streams.
    if (socket instanceof Socket) options.context.waiting.add(socket);
    accept(request, socket, head);
  };
  server.on("upgrade", upgrade);
  return () => server.off("upgrade", upgrade);
}

/** Listener for `upgrade`, which refuses a request or serves it. */
function acceptWebSockets(options: WebSocketListenerOptions) {
  const { context } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: context.limits.messageBytes,
    perMessageDeflate: false,
    clientTracking: false,
  });
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Without a listener an error of the connection would be uncaught.
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
  };
}

/** Time for a refused client to read the response. */
const REFUSAL_GRACE_MS = 1000;

const pathOf = ({ url = "" }: IncomingMessage): string => url.split("?", 1)[0]!;

const peerOf = ({ socket }: IncomingMessage): string => `${socket.remoteAddress}:${socket.remotePort}`;

interface Refusal {
  readonly status: string;
  readonly reason: string;
}

function refuse(request: IncomingMessage, options: WebSocketListenerOptions): Refusal | undefined {
  const { context, origins, isStopping } = options;
  if (isStopping()) return { status: "503 Service Unavailable", reason: "stopping" };
  if (pathOf(request) !== WEBSOCKET_PATH) return { status: "404 Not Found", reason: "path" };
  // A page from any site can open a WebSocket to this machine; the browser sets `Origin`.
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
