import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Connections whose client has not said hello yet. They take no stream, and there are only so many of them: beyond
 * `limit` the oldest one of the address with the most is closed. A client that says hello at once always gets in,
 * however many connections strangers open.
 */
export class WaitingConnections {
  readonly #limit: number;
  readonly #onDropped: (address: string) => void;
  /** Address by connection, oldest first. */
  readonly #addresses = new Map<Duplex, string>();

  constructor(options: { readonly limit: number; readonly onDropped: (address: string) => void }) {
    this.#limit = options.limit;
    this.#onDropped = options.onDropped;
  }

  get count(): number {
    return this.#addresses.size;
  }

  add(connection: Socket): void {
    this.#addresses.set(connection, connection.remoteAddress ?? "");
    connection.once("close", () => this.remove(connection));
    if (this.#addresses.size > this.#limit) this.#dropOne();
  }

  /** Its client said hello, or it is closed. */
  remove(connection: Duplex): void {
    this.#addresses.delete(connection);
  }

  #dropOne(): void {
    const counts = new Map<string, number>();
    for (const address of this.#addresses.values()) counts.set(address, (counts.get(address) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [connection, address] of this.#addresses) {
      if (counts.get(address) !== most) continue;
      this.remove(connection);
      connection.destroy();
      this.#onDropped(address);
      return;
    }
  }
}
