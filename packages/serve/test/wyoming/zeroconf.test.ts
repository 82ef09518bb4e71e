import { createSocket } from "node:dgram";
import { Bonjour, type Service } from "bonjour-service";
import { expect, it } from "vitest";
import { serveSet } from "../support/serve-set.ts";

/** For a busy machine. */
const canMulticast = await multicastWorks();

it.skipIf(!canMulticast)(
  "zeroconf announces Wyoming if other machines can connect, and withdraws the announcement",
  async () => {
    const name = `Callsign test ${process.pid}`;
    const zeroconf = { wyoming: { host: "0.0.0.0", port: 0 }, zeroconf: name };
    const bonjour = new Bonjour();
    const found: Service[] = [];
    const lost: string[] = [];
    const browser = bonjour.find({ type: "wyoming" });
    browser.on("up", (service) => found.push(service));
    browser.on("down", (service) => lost.push(service.name));
    try {
      const served = await serveSet(zeroconf);
      const ours = () => found.filter((service) => service.name === name);
      await expect.poll(ours).toHaveLength(1);
      const [service] = ours();
      expect(service).toMatchObject({
        port: served.wyomingPort,
        host: `Callsign-test-${process.pid}.local`,
        fqdn: `${name}._wyoming._tcp.local`,
      });
      // A second server of that name serves, and says that it is not announced.
      const second = await serveSet(zeroconf);
      const taken = () => second.records.find(({ event }) => event === "zeroconf name taken");
      await expect.poll(taken).toMatchObject({ level: "warn", name });
      await second.close();
      expect(lost).not.toContain(name);
      await served.close();
      await expect.poll(() => lost).toContain(name);
    } finally {
      browser.stop();
      await new Promise<void>((resolve) => bonjour.destroy(() => resolve()));
    }
  },
);

it("zeroconf is rejected for an address that no other machine can reach", async () => {
  await expect(serveSet({ zeroconf: true })).rejects.toThrow("an address that other machines can reach");
  const long = { wyoming: { host: "0.0.0.0", port: 0 }, zeroconf: "é".repeat(32) };
  await expect(serveSet(long)).rejects.toThrow("a zeroconf name of 1 to 63 bytes");
});

/** Whether a multicast datagram of this machine comes back to it. */
function multicastWorks(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const finish = (works: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(works);
    };
    const timer = setTimeout(() => finish(false), 2000);
    socket.on("error", () => finish(false));
    socket.on("message", () => finish(true));
    socket.bind(0, () => {
      try {
        socket.addMembership("224.0.0.251");
        socket.send("callsign", socket.address().port, "224.0.0.251");
      } catch {
        finish(false);
      }
    });
  });
}
