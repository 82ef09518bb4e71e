import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { downloadModelFolder } from "../../../src/voices/engines/download-model-folder.ts";
import { createVitsEngine } from "../../../src/voices/engines/vits/vits.ts";
import { writeSmallVits } from "./vits/small-vits.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const gitId = (bytes: Buffer) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** Speaks the part of the hub's protocol that a model download needs. */
describe("downloadModelFolder", () => {
  let server: Server;
  let hubUrl: string;
  let folder: string;
  let files: Map<string, Buffer>;
  let listed: { path: string; oid?: string }[];
  let fetched: string[];
  let status = 200;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-hub-"));
    const model = await writeSmallVits(join(folder, "source"));
    files = new Map();
    for (const name of ["vits-small.onnx", "tokens.txt", "lexicon.txt"])
      files.set(name, await readFile(join(model, name)));
    files.set("espeak-ng-data/lang/gmw/en", Buffer.from("name English"));
    files.set("vits-small.int8.onnx", Buffer.from("quantized"));
    server = createServer((request, response) => {
      const url = new URL(request.url!, "http://hub");
      const send = (body: Buffer | string, headers = {}) => response.writeHead(status, headers).end(body);
      if (status !== 200)
        return send(JSON.stringify({ error: "no" }), { "content-type": "application/json" });
      const json = { "content-type": "application/json" };
      if (url.pathname.includes("/tree/")) {
        const entries = [...files].map(([path, bytes]) => {
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
            ...listed,
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
      const bytes = files.get(path);
      if (bytes === undefined) return response.writeHead(404).end();
      if (request.method !== "HEAD") fetched.push(path);
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
    hubUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    status = 200;
    listed = [];
    fetched = [];
  });

  it("fetches what a voice needs, checked, and nothing twice", async () => {
    const options = { hubUrl, cacheDir: join(folder, "cache") };
    const path = await downloadModelFolder("some/vits", options);
    expect(path).toBe(join(folder, "cache", "models", "some--vits", COMMIT));
    expect(await readFile(join(path, "espeak-ng-data/lang/gmw/en"), "utf8")).toBe("name English");
    expect(await readFile(join(path, "vits-small.onnx"))).toEqual(files.get("vits-small.onnx"));
    expect(fetched).not.toContain("vits-small.int8.onnx");
    const first = fetched.length;
    await rm(join(path, "tokens.txt"));
    await downloadModelFolder("some/vits", options);
    expect(new Set(fetched.slice(first))).toEqual(new Set(["tokens.txt"]));
  });

  it("is the folder of last time without a network", async () => {
    const offline: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));
    const options = { hubUrl, cacheDir: join(folder, "offline") };
    const path = await downloadModelFolder("some/vits", options);
    expect(await downloadModelFolder("some/vits", { ...options, fetch: offline })).toBe(path);
    const other = downloadModelFolder("some/vits", { ...options, revision: "v2", fetch: offline });
    await expect(other).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
  });

  it("asks nobody for a commit that is there", async () => {
    const options = { hubUrl, cacheDir: join(folder, "by-commit") };
    const path = await downloadModelFolder("some/vits", options);
    const nobody: typeof fetch = () => Promise.reject(new Error("asked"));
    expect(await downloadModelFolder("some/vits", { ...options, revision: COMMIT, fetch: nobody })).toBe(
      path,
    );
  });

  it("lets a hub id stand for a folder", async () => {
    files.delete("espeak-ng-data/lang/gmw/en");
    const vits = await createVitsEngine({ model: "some/vits", hubUrl, cacheDir: join(folder, "by-id") });
    const voice = vits.drawVoice(createRandom(1));
    expect(voice.voice).toMatch(/^vits\/vits\/[012]$/);
    expect((await vits.synthesize("stop", voice)).samples.length).toBeGreaterThan(0);
  });

  it("refuses content that is not what the hub lists", async () => {
    // Listed under one Git id, served with another letter.
    files.set("tokens-2.txt", Buffer.from("abc"));
    const fetchOther: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(input instanceof Request ? input.url : input).includes("tokens-2.txt")) return response;
      return new Response("abd", { status: response.status, headers: response.headers });
    };
    const answer = downloadModelFolder("some/vits", {
      hubUrl,
      cacheDir: join(folder, "corrupt"),
      fetch: fetchOther,
    });
    await expect(answer).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: expect.stringContaining("some/vits/tokens-2.txt: expected Git object"),
    });
    files.delete("tokens-2.txt");
  });

  it.each(["../up.txt", "a/../../up.txt", "/etc/up.txt", "a\\up.txt", "a//up.txt"])(
    "refuses the listed path %s",
    async (path) => {
      listed = [{ type: "file", path, size: 3, oid: gitId(Buffer.from("abc")) } as never];
      await expect(
        downloadModelFolder("some/vits", { hubUrl, cacheDir: join(folder, "paths") }),
      ).rejects.toMatchObject({
        code: "DOWNLOAD_FAILED",
        message: expect.stringContaining("which leads elsewhere"),
      });
    },
  );

  it.each([
    [401, "is an access token needed?"],
    [404, "download it elsewhere and name the folder"],
    [500, "cannot be had from the hub"],
  ])("says what to do when the hub answers %i", async (answer, message) => {
    status = answer;
    await expect(
      downloadModelFolder("some/vits", { hubUrl, cacheDir: join(folder, "status") }),
    ).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining(message),
    });
  });

  it("stops when told to", async () => {
    await expect(
      downloadModelFolder("some/vits", {
        hubUrl,
        cacheDir: join(folder, "stop"),
        signal: AbortSignal.abort(),
      }),
    ).rejects.toMatchObject({ code: "ABORTED" });
  });
});
