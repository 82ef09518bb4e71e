import { once } from "node:events";
import { connect, type Socket } from "node:net";

interface Event {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/**
 * A Wyoming client written from the protocol's description alone, with no code of the server's. It keeps the events it
 * is sent.
 */
export class WyomingTestClient {
  readonly socket: Socket;
  readonly events: Event[] = [];
  readonly closed: Promise<unknown>;
  #bytes = Buffer.alloc(0);
  #wake: (() => void)[] = [];

  /** @param target a port of loopback, or the path of a Unix socket */
  constructor(target: number | string) {
    this.socket = connect(
      typeof target === "string" ? { path: target } : { port: target, host: "127.0.0.1" },
    );
    this.socket.on("error", () => undefined);
    this.socket.on("data", (bytes) => this.#read(bytes));
    this.closed = new Promise((resolve) =>
      this.socket.on("close", () => {
        resolve(undefined);
        for (const wake of this.#wake.splice(0)) wake();
      }),
    );
  }

  async open(): Promise<this> {
    await once(this.socket, "connect");
    return this;
  }

  /** As the reference implementation writes: data behind the header. */
  send(type: string, data?: Record<string, unknown>, payload?: Uint8Array): void {
    const body = data === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(data));
    const header = {
      type,
      version: "1.5.0",
      data_length: body.length,
      payload_length: payload?.length ?? null,
    };
    this.socket.write(
      Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body, payload ?? Buffer.alloc(0)]),
    );
  }

  /** The first event of a kind, once it is there. */
  async heard(type: string): Promise<Event> {
    for (;;) {
      const found = this.events.find((event) => event.type === type);
      if (found !== undefined) return found;
      if (this.socket.destroyed) throw new Error(`closed without ${type}: ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #read(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const end = this.#bytes.indexOf("\n");
      if (end < 0) break;
      const header = JSON.parse(this.#bytes.subarray(0, end).toString()) as {
        type: string;
        data?: Record<string, unknown>;
        data_length?: number;
        payload_length?: number;
      };
      const dataEnd = end + 1 + (header.data_length ?? 0);
      const eventEnd = dataEnd + (header.payload_length ?? 0);
      if (this.#bytes.length < eventEnd) break;
      const more = this.#bytes.subarray(end + 1, dataEnd).toString();
      const data = { ...header.data, ...(more === "" ? {} : (JSON.parse(more) as Record<string, unknown>)) };
      this.events.push({ type: header.type, data });
      this.#bytes = this.#bytes.subarray(eventEnd);
    }
    for (const wake of this.#wake.splice(0)) wake();
  }
}
