import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A server with the part of S3's protocol that the store uses, in memory. */
export interface S3Server {
  /** Environment with its address and any credentials. */
  readonly env: Readonly<Record<string, string>>;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  close(): Promise<void>;
}

/** @param options.overwrites ignore `If-None-Match`, as servers without conditional writes do */
export async function startS3Server({ overwrites = false } = {}): Promise<S3Server> {
  const objects = new Map<string, Uint8Array>();
  const server = createServer((request, response) => {
    const key = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
    const end = (status: number, body: Uint8Array | string = ""): void => {
      response.writeHead(status, { "Content-Type": "application/xml" }).end(body);
    };
    const parts: Uint8Array[] = [];
    request.on("data", (part: Uint8Array) => parts.push(part));
    request.on("end", () => {
      if (!request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 ")) return end(403);
      const found = objects.get(key);
      if (request.method === "PUT") {
        if (found !== undefined && !overwrites && request.headers["if-none-match"] === "*")
          return end(412, "<Error><Code>PreconditionFailed</Code></Error>");
        objects.set(key, Buffer.concat(parts));
        return end(200);
      }
      if (request.method === "DELETE") return end(objects.delete(key) ? 204 : 404);
      if (found === undefined)
        return end(404, request.method === "HEAD" ? "" : "<Error><Code>NoSuchKey</Code></Error>");
      return end(200, request.method === "HEAD" ? "" : found);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    objects,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
