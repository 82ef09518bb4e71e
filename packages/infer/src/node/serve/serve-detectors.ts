import { once } from "node:events";
import { Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import type { Readable, Writable } from "node:stream";
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
import { listenOnUnixSocket } from "./unix-socket.ts";
import { createWyomingListener, serveWyomingPair } from "./wyoming-listener.ts";
import { announceWyoming } from "./wyoming-zeroconf.ts";

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
  /** Wyoming on a Unix socket at this path, for this user alone. Off unless given. */
  readonly wyomingSocket?: string;
  /** Wyoming over a pair of streams, such as standard input and output. Off unless given. */
  readonly wyomingPair?: { readonly input: Readable; readonly output: Writable };
  /**
   * Announces Wyoming over TCP in the network by zeroconf, under a name of its own or this one. Default true where other
   * machines can connect and the optional package bonjour-service is installed.
   */
  readonly zeroconf?: boolean | string;
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
  /** Resolves when the client of `wyomingPair` is gone; pending where there is none. */
  readonly pairClosed: Promise<void>;
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
    // A sensitivity that some card has no curve for is told at once, and the sessions are warm before the first client.
    await (await set.open(hub.openOptions)).dispose();
    const { origins = [] } = options;
    const http = await start(options.http, () => createWebSocketListener({ hub, origins, isStopping }));
    const wyoming = await start(options.wyoming, () => createWyomingListener(hub, isStopping));
    const { wyomingSocket, wyomingPair } = options;
    if (wyomingSocket !== undefined) {
      const server = createWyomingListener(hub, isStopping);
      servers.push(server);
      await listenOnUnixSocket(server, wyomingSocket);
    }
    if (wyoming !== undefined) withdraw = await announce(wyoming, { hub, zeroconf: options.zeroconf });
    hub.log("info", "listening", {
      http,
      wyoming,
      wyomingSocket,
      ...(wyomingPair && { wyomingPair: true }),
      models: set.cards.map(({ name }) => name),
    });
    if (wyomingPair !== undefined) pairClosed = serveWyomingPair(wyomingPair, hub);
    return {
      ...(http && { http }),
      ...(wyoming && { wyoming }),
      pairClosed: pairClosed ?? new Promise(() => undefined),
      metrics: hub.metrics,
      close: async () => {
        stopping = true;
        hub.log("info", "stopping", { streams: hub.sessions.size });
        await Promise.all([withdraw?.(), shutDown(servers, hub), pairClosed]);
        hub.log("info", "stopped");
      },
    };
  } catch (error) {
    for (const server of servers) server.close();
    await withdraw?.();
    throw error;
  }
}

function checkOptions(options: ServeOptions): void {
  const { http, wyoming, wyomingSocket, wyomingPair, zeroconf, token, withoutToken } = options;
  const refuse = (message: string): never => {
    throw new CallsignError("INVALID_ARGUMENT", `serve: ${message}`);
  };
  if ([http, wyoming, wyomingSocket, wyomingPair].every((door) => door === undefined))
    refuse("expected a port for HTTP, for Wyoming, or both");
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

/** Announces Wyoming where that is wanted; by default where other machines can connect, as far as it can be done. */
async function announce(
  { address, port }: AddressInfo,
  { hub, zeroconf }: { readonly hub: ServeHub; readonly zeroconf: boolean | string | undefined },
): Promise<(() => Promise<void>) | undefined> {
  if (zeroconf === false || isLoopback(address)) return undefined;
  try {
    const name = typeof zeroconf === "string" ? { name: zeroconf } : {};
    return await announceWyoming({ address, port, ...name, hub });
  } catch (error) {
    if (zeroconf !== undefined) throw error;
    hub.log("warn", "not announced", { error: (error as Error).message });
    return undefined;
  }
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
