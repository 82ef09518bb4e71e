import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Server as NetServer } from "node:net";

/** One request as it arrived. */
interface HubRequest {
  readonly server: "hub" | "cdn";
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface HubServer {
  /** For HF_ENDPOINT. */
  readonly endpoint: string;
  readonly requests: HubRequest[];
  /** Replies of the content server, one a request; the last stays. Default: serves the file. */
  replies: CdnReply[];
  close(): Promise<void>;
}

/** How the content server answers one request. */
export type CdnReply = (request: IncomingMessage, response: ServerResponse, file: Uint8Array) => void;

/**
 * The hub's download protocol in small, on two local servers: `/OWNER/NAME/resolve/REVISION/PATH` answers 302 with
 * X-Repo-Commit and X-Linked-ETag to a content server on another origin, which knows Range and ETag.
 */
export async function startHubServer(files: Readonly<Record<string, Uint8Array>>): Promise<HubServer> {
  const requests: HubRequest[] = [];
  const note = (server: "hub" | "cdn", { url = "", headers }: IncomingMessage): void => {
    requests.push({ server, url, range: headers.range, authorization: headers.authorization });
  };
  const cdn = await listen((request, response) => {
    note("cdn", request);
    const reply = hub.replies.length > 1 ? hub.replies.shift()! : hub.replies[0]!;
    reply(request, response, files[request.url!.slice(1)]!);
  });
  const front = await listen((request, response) => {
    note("hub", request);
    const [, path] = /^\/[^/]+\/[^/]+\/resolve\/[^/]+\/(.+)$/.exec(request.url ?? "") ?? [];
    if (path === undefined || files[path] === undefined) {
      response.writeHead(404, { "x-error-code": "EntryNotFound" }).end("Entry not found");
      return;
    }
    const location = `${originOf(cdn)}/${path}`;
    response.writeHead(302, { location, "x-repo-commit": "0".repeat(40), "x-linked-etag": '"etag"' }).end();
  });
  const hub: HubServer = {
    endpoint: originOf(front),
    requests,
    replies: [serve],
    close: async () => {
      for (const server of [front, cdn]) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    },
  };
  return hub;
}

/** The file, or the part of it that Range asks for. */
export const serve: CdnReply = (request, response, file) => {
  const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
  if (start === undefined) {
    response.writeHead(200, { "content-length": file.length, etag: '"etag"' }).end(file);
    return;
  }
  const from = Number(start);
  if (from >= file.length) {
    response.writeHead(416, { "content-range": `bytes */${file.length}` }).end();
    return;
  }
  const contentRange = `bytes ${from}-${file.length - 1}/${file.length}`;
  response
    .writeHead(206, { "content-length": file.length - from, "content-range": contentRange, etag: '"etag"' })
    .end(file.subarray(from));
};

/** A server that has never heard of Range. */
export const serveWhole: CdnReply = (_, response, file) => {
  response.writeHead(200, { "content-length": file.length }).end(file);
};

/** Serves, and drops the connection after so many bytes. */
export const breakAfter =
  (bytes: number): CdnReply =>
  (request, response, file) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const headers = from > 0 ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { "content-length": file.length - from, ...headers });
    response.write(file.subarray(from, from + bytes), () => setTimeout(() => response.destroy(), 20));
  };

/** Serves so many bytes and then nothing, leaving the connection open. */
export const stallAfter =
  (bytes: number): CdnReply =>
  (_, response, file) => {
    response.writeHead(200, { "content-length": file.length });
    response.write(file.subarray(0, bytes));
  };

export const fail =
  (status: number, headers: Readonly<Record<string, string>> = {}): CdnReply =>
  (_, response) => {
    response.writeHead(status, headers).end();
  };

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

const originOf = (server: Server): string => `http://127.0.0.1:${portOf(server)}`;

/** The port a server listens on. */
export function portOf(server: NetServer): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return address.port;
}
