import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Connections before hello, which take no stream. Beyond `limit`, the oldest connection of the address with the most of them is
 * closed, so that a client that says hello at once is served however many idle connections others open.
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

  /** Removes a connection after hello or close. */
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
