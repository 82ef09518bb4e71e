import { once } from "node:events";
import { Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Detector, Sensitivity, LevelGateOptions } from "@callsign/infer/internal";
import { CallsignError } from "@callsign/audio/internal";
import { toolIdentity } from "@callsign/infer/node/internal";
import type { ServerContext, ServeLogRecord } from "./connection/connection.ts";
import { resolveLimits, type ServeLimits } from "./server/limits.ts";
import { ServeMetrics } from "./server/metrics.ts";
import { WaitingConnections } from "./server/waiting-connections.ts";
import { addWebSocket, createWebSocketListener } from "./websocket/listener.ts";
import { listenOnUnixSocket } from "./server/unix-socket.ts";
import { createWyomingListener, serveWyomingPair } from "./wyoming/listener.ts";
import { announceWyoming } from "./wyoming/zeroconf.ts";

/** Address to listen on; port 0 selects a free port. */
export interface ListenAddress {
  /** Default 127.0.0.1, this machine only. */
  readonly host?: string;
  readonly port: number;
}

export interface ServeOptions {
  /** Address for HTTP: WebSocket, health and metrics. Default off. */
  readonly http?: ListenAddress;
  /**
   * HTTP server of the caller, such as that of Express, which gets the WebSocket at `/v1/stream` but neither health nor metrics.
   * It needs a token, or `withoutToken`, unless it already listens on a loopback address. The caller closes it. Default none.
   */
  readonly server?: HttpServer;
  /** Address for Wyoming over TCP. Default off. The protocol has no authentication. */
  readonly wyoming?: ListenAddress;
  /** Path of a Unix socket for Wyoming, accessible by this user only. Default off. */
  readonly wyomingSocket?: string;
  /** Pair of streams for Wyoming, such as standard input and output. Default off. */
  readonly wyomingPair?: { readonly input: Readable; readonly output: Writable };
  /**
   * Announces Wyoming over TCP by zeroconf, under the given or a default name. Default true if other machines can connect and
   * the optional package bonjour-service is installed.
   */
  readonly zeroconf?: boolean | string;
  /** Token required from WebSocket clients and for the metrics. */
  readonly token?: string;
  /** Allows HTTP without a token on non-loopback addresses. */
  readonly withoutToken?: boolean;
  /** Allowed values of `Origin`, in addition to pages on this machine. */
  readonly origins?: readonly string[];
  readonly limits?: Partial<ServeLimits>;
  /** Default sensitivity of streams. */
  readonly sensitivity?: Sensitivity;
  /** Skips silence in every stream. */
  readonly levelGate?: LevelGateOptions;
  readonly log?: (record: ServeLogRecord) => void;
}

/** Running server. */
export interface DetectorServer {
  readonly http?: AddressInfo;
  readonly wyoming?: AddressInfo;
  /** Resolves when the client of `wyomingPair` has disconnected; never without `wyomingPair`. */
  readonly pairClosed: Promise<void>;
  readonly metrics: ServeMetrics;
  /** Stops accepting clients, disconnects the others and closes. The detector is not disposed of. */
  close(): Promise<void>;
}

/**
 * Serves a detector to any number of clients over WebSocket and Wyoming. Each client has its own stream on shared sessions.
 * @throws CallsignError `INVALID_ARGUMENT`, `SERVE_FAILED` if it cannot listen
 */
export async function serveDetectors(detector: Detector, options: ServeOptions): Promise<DetectorServer> {
  checkOptions(options);
  const context = createContext(detector, options);
  let stopping = false;
  const isStopping = (): boolean => stopping;
  const servers: Server[] = [];
  let pairClosed: Promise<void> | undefined;
  let withdraw: (() => Promise<void>) | undefined;
  const start = async (
    address: ListenAddress | undefined,
    create: () => Server,
  ): Promise<AddressInfo | undefined> => {
    if (address === undefined) return undefined;
    const server = create();
    servers.push(server);
    return listen(server, address);
  };
  try {
    // Reports a sensitivity without a curve on some card before the first client connects.
    await detector.open(context.openOptions).dispose();
    const { origins = [] } = options;
    const http = await start(options.http, () => createWebSocketListener({ context, origins, isStopping }));
    const wyoming = await start(options.wyoming, () => createWyomingListener(context, isStopping));
    const { wyomingSocket, wyomingPair } = options;
    if (wyomingSocket !== undefined) {
      const server = createWyomingListener(context, isStopping);
      servers.push(server);
      await listenOnUnixSocket(server, wyomingSocket);
    }
    if (wyoming !== undefined) withdraw = await announce(wyoming, { context, zeroconf: options.zeroconf });
    context.log("info", "listening", {
      http,
      wyoming,
      wyomingSocket,
      ...(wyomingPair && { wyomingPair: true }),
      models: detector.cards.map(({ name }) => name),
    });
    if (wyomingPair !== undefined) pairClosed = serveWyomingPair(wyomingPair, context);
    const leave = options.server && addWebSocket(options.server, { context, origins, isStopping });
    return {
      ...(http && { http }),
      ...(wyoming && { wyoming }),
      pairClosed: pairClosed ?? new Promise(() => undefined),
      metrics: context.metrics,
      close: async () => {
        stopping = true;
        leave?.();
        context.log("info", "stopping", { streams: context.connections.size });
        await Promise.all([withdraw?.(), shutDown(servers, context), pairClosed]);
        context.log("info", "stopped");
      },
    };
  } catch (error) {
    for (const server of servers) server.close();
    await withdraw?.();
    throw error;
  }
}

function checkOptions(options: ServeOptions): void {
  const { http, server, wyoming, wyomingSocket, wyomingPair, zeroconf, token, withoutToken } = options;
  const refuse = (message: string): never => {
    throw new CallsignError("INVALID_ARGUMENT", `serve: ${message}`);
  };
  if ([http, server, wyoming, wyomingSocket, wyomingPair].every((address) => address === undefined))
    refuse("expected a port for HTTP, for Wyoming, or both, or an HTTP server");
  if (zeroconf !== undefined && zeroconf !== false) {
    if (wyoming === undefined || isLoopback(wyoming.host ?? LOOPBACK))
      refuse("zeroconf needs Wyoming over TCP on an address that other machines can reach");
    if (typeof zeroconf === "string" && !(zeroconf !== "" && Buffer.byteLength(zeroconf) <= 63))
      refuse(`expected a zeroconf name of 1 to 63 bytes, got ${JSON.stringify(zeroconf)}`);
  }
  for (const port of [http?.port, wyoming?.port])
    if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
      refuse(`expected a port 0 to 65535, got ${port}`);
  if (token === "") refuse("the token is empty");
  if (
    http !== undefined &&
    token === undefined &&
    withoutToken !== true &&
    !isLoopback(http.host ?? LOOPBACK)
  )
    refuse(
      `${http.host} can be reached from other machines; give a token, or set withoutToken (CLI: --no-token)`,
    );
  if (server !== undefined && token === undefined && withoutToken !== true && !listensOnLoopback(server))
    refuse(
      "other machines may reach this HTTP server; give a token, set withoutToken, or let it listen on a loopback address first",
    );
}

function listensOnLoopback(server: HttpServer): boolean {
  const address = server.address();
  return address !== null && (typeof address === "string" || isLoopback(address.address));
}

const LOOPBACK = "127.0.0.1";

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");

function createContext(detector: Detector, options: ServeOptions): ServerContext {
  const { sensitivity, levelGate, token } = options;
  const limits = resolveLimits(options.limits);
  const metrics = new ServeMetrics();
  const log: ServerContext["log"] = (level, event, fields = {}) =>
    options.log?.({ time: new Date().toISOString(), level, event, ...fields });
  const waiting = new WaitingConnections({
    limit: limits.waitingConnections,
    onDropped: (peer) => {
      metrics.refused("waiting");
      log("warn", "refused", { peer, reason: "waiting" });
    },
  });
  return {
    detector,
    limits,
    metrics,
    waiting,
    openOptions: { ...(sensitivity && { sensitivity }), ...(levelGate && { levelGate }) },
    token,
    version: toolIdentity().version,
    connections: new Set(),
    log,
  };
}

async function listen(server: Server, { host = LOOPBACK, port }: ListenAddress): Promise<AddressInfo> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === "EADDRINUSE"
        ? "another program listens there; choose another port"
        : code === "EACCES"
          ? "not allowed; ports below 1024 need a privilege, choose a higher one"
          : message;
    throw new CallsignError("SERVE_FAILED", `cannot listen on ${host}:${port}: ${why}`, { cause });
  }
  return server.address() as AddressInfo;
}

/** Announces Wyoming; by default only if other machines can connect, and failures are logged. */
async function announce(
  { address, port }: AddressInfo,
  { context, zeroconf }: { readonly context: ServerContext; readonly zeroconf: boolean | string | undefined },
): Promise<(() => Promise<void>) | undefined> {
  if (zeroconf === false || isLoopback(address)) return undefined;
  try {
    const name = typeof zeroconf === "string" ? { name: zeroconf } : {};
    return await announceWyoming({ address, port, ...name, context });
  } catch (error) {
    if (zeroconf !== undefined) throw error;
    context.log("warn", "not announced", { error: (error as Error).message });
    return undefined;
  }
}

async function shutDown(servers: readonly Server[], context: ServerContext): Promise<void> {
  const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
  for (const connection of context.connections)
    connection.disconnect({ reason: "SHUTDOWN", message: "the server stops" });
  // Idle keep-alive connections would keep the server open; upgraded ones end after their own grace period.
  for (const server of servers) if (server instanceof HttpServer) server.closeIdleConnections();
  // For requests that never end.
  const cutOff = setTimeout(() => {
    for (const server of servers) if (server instanceof HttpServer) server.closeAllConnections();
  }, SHUTDOWN_GRACE_MS);
  await Promise.all(closed);
  clearTimeout(cutOff);
}

/** Grace period of pending HTTP requests. */
const SHUTDOWN_GRACE_MS = 2000;
