import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The commit of every repository of the hub. */
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

export const gitId = (bytes: Buffer): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** A local hub on which every repository has the same files. */
export interface ModelHub {
  readonly url: string;
  /** By path; those ending in `.onnx` are large files of Git LFS. */
  readonly files: Map<string, Buffer>;
  /** More entries of the listing. */
  listed: { path: string; oid?: string }[];
  /** Paths that were fetched. */
  fetched: string[];
  /** Answer to every request, where it is not 200. */
  status: number;
  close(): void;
}

/** Speaks the part of the hub's protocol that a model download needs. */
export async function startModelHub(): Promise<ModelHub> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://hub");
    const send = (body: Buffer | string, headers = {}) => response.writeHead(hub.status, headers).end(body);
    if (hub.status !== 200)
      return send(JSON.stringify({ error: "no" }), { "content-type": "application/json" });
    const json = { "content-type": "application/json" };
    if (url.pathname.includes("/tree/")) {
      const entries = [...hub.files].map(([path, bytes]) => {
        const large = path.endsWith(".onnx") && {
          lfs: {
            oid: createHash("sha256").update(bytes).digest("hex"),
            size: bytes.length,
            pointerSize: 130,
          },
        };
        return Object.assign({ type: "file", path, size: bytes.length, oid: gitId(bytes) }, large);
      });
      return send(
        JSON.stringify([
          ...entries,
          { type: "directory", path: "espeak-ng-data", size: 0, oid: COMMIT },
          ...hub.listed,
        ]),
        json,
      );
    }
    if (url.pathname.startsWith("/api/models/"))
      return send(
        JSON.stringify({
          _id: "1",
          id: "some/vits",
          sha: COMMIT,
          private: false,
          gated: false,
          downloads: 1,
          likes: 1,
          lastModified: "2024-01-01T00:00:00Z",
        }),
        json,
      );
    const path = decodeURIComponent(url.pathname.split(`/resolve/${COMMIT}/`)[1] ?? "");
    const bytes = hub.files.get(path);
    if (bytes === undefined) return response.writeHead(404).end();
    if (request.method !== "HEAD") hub.fetched.push(path);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const partial = request.headers.range !== undefined;
    response.writeHead(partial ? 206 : 200, {
      "content-length": bytes.length - start,
      etag: `"${gitId(bytes)}"`,
      "accept-ranges": "bytes",
      ...(partial && { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    });
    return response.end(request.method === "HEAD" ? undefined : bytes.subarray(start));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const hub: ModelHub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: new Map(),
    listed: [],
    fetched: [],
    status: 200,
    close: () => void server.close(),
  };
  return hub;
}
