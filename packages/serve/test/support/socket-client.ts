import { once } from "node:events";
import { WebSocket } from "ws";

/** What a server said; binary messages as their bytes. */
export interface Said {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A WebSocket client that keeps all it is told. */
export class SocketClient {
  readonly socket: WebSocket;
  readonly said: Said[] = [];
  readonly binary: Buffer[] = [];
  /** Code and reason of the close. */
  readonly closed: Promise<{ code: number; reason: string }>;
  #wake: (() => void)[] = [];

  constructor(url: string, options: { headers?: Record<string, string>; origin?: string } = {}) {
    this.socket = new WebSocket(url, options);
    this.socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.binary.push(data);
      else this.said.push(JSON.parse(data.toString()) as Said);
      for (const wake of this.#wake.splice(0)) wake();
    });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const wake of this.#wake.splice(0)) wake();
      }),
    );
  }

  async open(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }

  send(message: unknown): void {
    this.socket.send(message instanceof Uint8Array ? message : JSON.stringify(message));
  }

  /** The first message of a kind, once it is there. */
  async heard(type: string): Promise<Said> {
    for (;;) {
      const found = this.said.find((message) => message.type === type);
      if (found !== undefined) return found;
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error(`closed without ${type}: ${JSON.stringify(this.said)}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  of(type: string): Said[] {
    return this.said.filter((message) => message.type === type);
  }
}

/** Connects, says hello, and waits until it may talk. */
export async function greet(url: string, hello: Record<string, unknown> = {}): Promise<SocketClient> {
  const client = await new SocketClient(url).open();
  client.send({ type: "hello", version: 1, ...hello });
  await client.heard("ready");
  return client;
}
