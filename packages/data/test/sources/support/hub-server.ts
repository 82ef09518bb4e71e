import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server was asked, and how much it gave. */
export interface HubRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** Of the file asked for; 0 for listings and redirects. */
  bytes: number;
}

/** How to misbehave, for the next `times` requests whose path matches. */
export interface HubFault {
  readonly match: RegExp;
  times: number;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Send so many bytes of the body, then break the connection. */
  readonly cutAfter?: number;
  /** Answer a range with the whole file. */
  readonly ignoreRange?: boolean;
}

interface HubOptions {
  readonly repository: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Without it anyone may read. */
  readonly token?: string;
  /** Entries in a page of a listing. */
  readonly pageSize?: number;
}

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/**
 * A small hub: dataset info, tree listing with pages, resolve with a redirect to another origin, ranges. As on the real
 * one, small tables lie in git, all else in large-file storage with its sha256.
 */
export class HubServer {
  readonly requests: HubRequest[] = [];
  readonly faults: HubFault[] = [];
  readonly commit = COMMIT;
  readonly #options: HubOptions;
  readonly #hub: Server;
  readonly #storage: Server;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#hub = createServer((request, response) =>
      this.#answer(request, response, (path) => this.#api(path, response)),
    );
    this.#storage = createServer((request, response) =>
      this.#answer(request, response, (path, entry) => this.#serve(path, { request, response, entry })),
    );
  }

  static async start(options: HubOptions): Promise<HubServer> {
    const hub = new HubServer(options);
    for (const server of [hub.#hub, hub.#storage])
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    return hub;
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    }
  }

  get endpoint(): string {
    return originOf(this.#hub);
  }

  /** Bytes of files given out, by what the paths asked for end in. */
  bytesOf(ending: string): number {
    const asked = this.requests.filter(({ path }) => path.endsWith(ending));
    return asked.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #answer(
    request: IncomingMessage,
    response: ServerResponse,
    respond: (path: string, entry: HubRequest) => void,
  ): void {
    const path = decodeURIComponent(request.url ?? "");
    const { range, authorization } = request.headers;
    const entry: HubRequest = { path, range, authorization, bytes: 0 };
    this.requests.push(entry);
    const fault = this.faults.find(
      ({ match, times, status }) => status !== undefined && times > 0 && match.test(path),
    );
    if (fault !== undefined) fault.times--;
    if (fault?.status !== undefined) response.writeHead(fault.status, fault.headers).end();
    else respond(path, entry);
  }

  #api(path: string, response: ServerResponse): void {
    const { repository, token } = this.#options;
    const sent = this.requests.at(-1)?.authorization;
    if (token !== undefined && sent !== `Bearer ${token}`)
      return void response.writeHead(401, { "x-error-code": "GatedRepo" }).end();
    const info = `/api/datasets/${repository}/revision/`;
    const tree = `/api/datasets/${repository}/tree/${COMMIT}`;
    const resolve = `/datasets/${repository}/resolve/${COMMIT}/`;
    if (path.startsWith(info))
      return json(response, { _id: "1", id: repository, sha: COMMIT, lastModified: "2025-10-01" });
    if (path.startsWith(tree)) return this.#list(path.slice(tree.length), response);
    if (!path.startsWith(resolve))
      return void response.writeHead(404, { "x-error-code": "RepoNotFound" }).end();
    const location = `${originOf(this.#storage)}/storage/${path.slice(resolve.length)}?signature=1`;
    return void response.writeHead(302, { location }).end();
  }

  #list(request: string, response: ServerResponse): void {
    const url = new URL(request, "http://hub/");
    const folder = url.pathname.slice(1);
    const { pageSize = 2, files } = this.#options;
    const inside = [...files].filter(([path]) => folder === "" || path.startsWith(`${folder}/`));
    if (inside.length === 0) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
    const start = Number(url.searchParams.get("cursor") ?? 0);
    if (start + pageSize < inside.length) {
      url.searchParams.set("cursor", String(start + pageSize));
      const next = `${this.endpoint}/api/datasets/${this.#options.repository}/tree/${COMMIT}${url.pathname}${url.search}`;
      response.setHeader("link", `<${next}>; rel="next"`);
    }
    json(
      response,
      inside.slice(start, start + pageSize).map(([path, bytes]) => treeEntry(path, bytes)),
    );
  }

  #serve(
    path: string,
    { request, response, entry }: { request: IncomingMessage; response: ServerResponse; entry: HubRequest },
  ): void {
    const content = this.#options.files.get(path.replace("/storage/", "").replace("?signature=1", ""));
    if (content === undefined) return void response.writeHead(404).end();
    const fault = this.faults.find(
      ({ match, times, status }) => status === undefined && times > 0 && match.test(path),
    );
    if (fault !== undefined) fault.times--;
    const [, from, to] =
      /^bytes=(\d+)-(\d*)$/.exec(fault?.ignoreRange ? "" : (request.headers.range ?? "")) ?? [];
    const start = Number(from ?? 0);
    const end = to === undefined || to === "" ? content.length : Math.min(Number(to) + 1, content.length);
    const body = content.subarray(start, end);
    const headers = {
      "content-length": body.length,
      "content-range": `bytes ${start}-${end - 1}/${content.length}`,
    };
    response.writeHead(
      from === undefined ? 200 : 206,
      from === undefined ? { "content-length": body.length } : headers,
    );
    const sent = body.subarray(0, fault?.cutAfter ?? body.length);
    entry.bytes = sent.length;
    if (sent.length === body.length) response.end(body);
    else response.write(sent, () => setTimeout(() => response.destroy(), 300));
  }
}

function treeEntry(path: string, bytes: Uint8Array): object {
  const oid = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  if (path.endsWith(".tsv") && bytes.length < 2000) return { type: "file", path, size: bytes.length, oid };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    type: "file",
    path,
    size: bytes.length,
    oid,
    lfs: { oid: sha256, size: bytes.length, pointerSize: 134 },
  };
}

const json = (response: ServerResponse, value: unknown): void =>
  void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
