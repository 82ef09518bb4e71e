import { once } from "node:events";
import { Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import type { DetectorSet } from "../../detector-set.ts";
import { CallsignError } from "../../errors.ts";
import type { Sensitivity } from "../../sensitivity.ts";
import type { VoiceGateOptions } from "../../voice-gate.ts";
import { toolIdentity } from "../tool-identity.ts";
import type { ServeHub, ServeLogRecord } from "./client-session.ts";
import { resolveLimits, type ServeLimits } from "./serve-limits.ts";
import { ServeMetrics } from "./serve-metrics.ts";
import { WaitingConnections } from "./waiting-connections.ts";
import { createWebSocketListener } from "./websocket-listener.ts";
import { createWyomingListener } from "./wyoming-listener.ts";

/** Where to listen; port 0 takes any that is free. */
export interface ListenAddress {
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string;
  readonly port: number;
}

export interface ServeOptions {
  /** HTTP: WebSocket, health and metrics. Off unless given. */
  readonly http?: ListenAddress;
  /** Wyoming over TCP, which knows no tokens: whoever reaches it may use it. Off unless given. */
  readonly wyoming?: ListenAddress;
  /** What WebSocket clients and readers of the metrics must show. */
  readonly token?: string;
  /** Allows HTTP on other than loopback addresses without a token. */
  readonly withoutToken?: boolean;
  /** Web pages that may connect, as their `Origin`; those on this machine always may. */
  readonly origins?: readonly string[];
  readonly limits?: Partial<ServeLimits>;
  /** For every stream that does not ask for its own. */
  readonly sensitivity?: Sensitivity;
  /** Passes over silence in every stream. */
  readonly voiceGate?: VoiceGateOptions;
  readonly log?: (record: ServeLogRecord) => void;
}

/** A server that is listening. */
export interface DetectorServer {
  readonly http?: AddressInfo;
  readonly wyoming?: AddressInfo;
  readonly metrics: ServeMetrics;
  /** Takes no more clients, tells those there are, waits for them to go, and closes. The set stays the caller's. */
  close(): Promise<void>;
}

/**
 * Serves a set of models to any number of clients over WebSocket and Wyoming: sessions are shared, and all that is a
 * stream's own is data.
 * @throws CallsignError `INVALID_ARGUMENT`, `SERVE_FAILED` where it cannot listen
 */
export async function serveDetectors(set: DetectorSet, options: ServeOptions): Promise<DetectorServer> {
  checkOptions(options);
  const hub = createHub(set, options);
  let stopping = false;
  const isStopping = (): boolean => stopping;
  const servers: Server[] = [];
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
    // A sensitivity that some card has no curve for is told at once, and the sessions are warm before the first client.
    await (await set.open(hub.openOptions)).dispose();
    const { origins = [] } = options;
    const http = await start(options.http, () => createWebSocketListener({ hub, origins, isStopping }));
    const wyoming = await start(options.wyoming, () => createWyomingListener(hub, isStopping));
    hub.log("info", "listening", { http, wyoming, models: set.cards.map(({ name }) => name) });
    return {
      ...(http && { http }),
      ...(wyoming && { wyoming }),
      metrics: hub.metrics,
      close: async () => {
        stopping = true;
        hub.log("info", "stopping", { streams: hub.sessions.size });
        await shutDown(servers, hub);
        hub.log("info", "stopped");
      },
    };
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

function checkOptions({ http, wyoming, token, withoutToken }: ServeOptions): void {
  const refuse = (message: string): never => {
    throw new CallsignError("INVALID_ARGUMENT", `serve: ${message}`);
  };
  if (http === undefined && wyoming === undefined) refuse("expected a port for HTTP, for Wyoming, or both");
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
    refuse(`${http.host} can be reached from other machines; give a token, or say that none is wanted`);
}

const LOOPBACK = "127.0.0.1";

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");

function createHub(set: DetectorSet, options: ServeOptions): ServeHub {
  const { sensitivity, voiceGate, token } = options;
  const limits = resolveLimits(options.limits);
  const metrics = new ServeMetrics();
  const log: ServeHub["log"] = (level, event, fields = {}) =>
    options.log?.({ time: new Date().toISOString(), level, event, ...fields });
  const waiting = new WaitingConnections({
    limit: limits.waitingConnections,
    onDropped: (peer) => {
      metrics.refused("waiting");
      log("warn", "refused", { peer, reason: "waiting" });
    },
  });
  return {
    set,
    limits,
    metrics,
    waiting,
    openOptions: { ...(sensitivity && { sensitivity }), ...(voiceGate && { voiceGate }) },
    token,
    version: toolIdentity().version,
    sessions: new Set(),
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

async function shutDown(servers: readonly Server[], hub: ServeHub): Promise<void> {
  const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
  for (const session of hub.sessions) session.leave({ reason: "SHUTDOWN", message: "the server stops" });
  // Idle keep-alive connections would hold it open; upgraded ones are cut off by their own grace.
  for (const server of servers) if (server instanceof HttpServer) server.closeIdleConnections();
  // Requests that never end.
  const cutOff = setTimeout(() => {
    for (const server of servers) if (server instanceof HttpServer) server.closeAllConnections();
  }, SHUTDOWN_GRACE_MS);
  await Promise.all(closed);
  clearTimeout(cutOff);
}

/** Time for HTTP requests to end before they are cut off. */
const SHUTDOWN_GRACE_MS = 2000;
