import type { EventEmitter } from "node:events";
import { isIPv6 } from "node:net";
import { hostname } from "node:os";
import { CallsignError } from "../../errors.ts";
import type { ServeHub } from "./client-session.ts";

export interface WyomingAnnouncement {
  /** Where Wyoming listens; for `0.0.0.0` and `::` every address of this machine is announced. */
  readonly address: string;
  readonly port: number;
  /** Unique in the network, at most 63 bytes. Default `callsign-HOSTNAME`, with `-PORT` where that is not 10400. */
  readonly name?: string;
  readonly hub: Pick<ServeHub, "log" | "version">;
}

/**
 * Announces a Wyoming service (`_wyoming._tcp`) by zeroconf (mDNS), which is how Home Assistant finds them. Whatever goes
 * wrong in the network is logged, and serving goes on without an announcement. Returns a function that withdraws it.
 * @throws CallsignError `DEPENDENCY_MISSING` where the optional package bonjour-service is not installed
 */
export async function announceWyoming(announcement: WyomingAnnouncement): Promise<() => Promise<void>> {
  const { address, port, name = defaultName(port), hub } = announcement;
  const { default: Bonjour } = await import("bonjour-service").catch((cause: unknown) => {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      "zeroconf needs the optional package bonjour-service: npm install bonjour-service",
      { cause },
    );
  });
  const warn = (error: unknown): void => hub.log("warn", "zeroconf failed", { name, error: String(error) });
  const bonjour = new Bonjour(multicastOptions(address), warn);
  // An error of its socket without a listener would end the process.
  (bonjour as unknown as { server: { mdns: EventEmitter } }).server.mdns.on("error", warn);

  const publish = (): void => {
    others.stop();
    const host = `${name.replaceAll(/[^a-z0-9-]+/gi, "-")}.local`;
    const service = bonjour.publish({
      name,
      host,
      port,
      type: "wyoming",
      // Not empty: the library would write a record of no bytes, which RFC 6763, section 6.1, forbids.
      txt: { version: hub.version },
      disableIPv6: !isIPv6(address),
    });
    if (!ALL_ADDRESSES.has(address)) {
      // The library announces every address of the machine; this server listens on one.
      const records = service.records.bind(service);
      service.records = () => [
        ...records().filter(({ type }) => type !== "A" && type !== "AAAA"),
        { name: host, type: isIPv6(address) ? "AAAA" : "A", ttl: ADDRESS_TTL_SECONDS, data: address },
      ];
    }
    service.once("up", () => hub.log("info", "announced", { service: "_wyoming._tcp", name, port }));
  };
  const publishing = setTimeout(publish, LOOK_AROUND_MS);
  const others = bonjour.find({ type: "wyoming" }, (other) => {
    if (other.name.toLowerCase() !== name.toLowerCase()) return;
    clearTimeout(publishing);
    others.stop();
    hub.log("warn", "zeroconf name taken", { name, by: `${other.host}:${other.port}` });
  });

  return () => {
    clearTimeout(publishing);
    others.stop();
    return new Promise((resolve) => bonjour.unpublishAll(() => bonjour.destroy(resolve)));
  };
}

/** Wildcard addresses of a listening socket. */
const ALL_ADDRESSES: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Time in which another service of the same name answers. */
const LOOK_AROUND_MS = 500;

/** As RFC 6762, section 10, recommends for records with a host name. */
const ADDRESS_TTL_SECONDS = 120;

/** A socket bound to one address would receive no multicast, so it is bound to all and only sends from that one. */
const multicastOptions = (address: string): object =>
  ALL_ADDRESSES.has(address) || isIPv6(address) ? {} : { interface: address, bind: "0.0.0.0" };

const defaultName = (port: number): string =>
  `callsign-${hostname().split(".", 1)[0]}${port === WYOMING_PORT ? "" : `-${port}`}`.slice(0, 63);

const WYOMING_PORT = 10_400;
