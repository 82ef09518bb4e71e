import type { IncomingMessage, ServerResponse } from "node:http";
import { bearerOf, sameToken } from "./bearer-token.ts";
import type { ServerContext } from "../connection/connection.ts";

/** Answers `GET /health` (200, or 503 while stopping) and `GET /metrics`; 404 for other paths. */
export function answerHttp(
  request: IncomingMessage,
  { response, context, stopping }: { response: ServerResponse; context: ServerContext; stopping: boolean },
): void {
  // Discards the body of the request.
  request.resume();
  const path = (request.url ?? "/").split("?", 1)[0];
  if (request.method !== "GET" && request.method !== "HEAD")
    return reply(response, { status: 405, body: "only GET here\n" });
  if (path === "/health") {
    const models = context.detector.cards.map(({ name }) => name);
    const body = {
      status: stopping ? "stopping" : "ok",
      version: context.version,
      streams: context.metrics.streams,
      models,
    };
    return reply(response, {
      status: stopping ? 503 : 200,
      type: "application/json",
      body: `${JSON.stringify(body)}\n`,
    });
  }
  if (path !== "/metrics")
    return reply(response, {
      status: 404,
      body: "here are /health, /metrics and the WebSocket /v1/stream\n",
    });
  if (context.token !== undefined && !sameToken(bearerOf(request.headers.authorization), context.token))
    return reply(response, { status: 401, body: "expected the server's token as Authorization: Bearer\n" });
  void context.metrics.render().then(
    (body) => reply(response, { status: 200, type: context.metrics.contentType, body }),
    (error: unknown) => reply(response, { status: 500, body: `metrics: ${String(error)}\n` }),
  );
}

function reply(
  response: ServerResponse,
  { status, body, type = "text/plain; charset=utf-8" }: { status: number; body: string; type?: string },
): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 401 && { "www-authenticate": "Bearer" }),
  });
  response.end(body);
}
