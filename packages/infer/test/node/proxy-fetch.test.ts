import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createFetch, downloadFile } from "@callsign/infer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const BODY = Buffer.from("the file");
/** Known to the proxy alone: a request that does not go through it cannot succeed. */
const HOST = "hub.callsign.invalid";

let folder: string;
let hub: Server;
let proxy: Server;
let asked: string[];
const sockets = new Set<Socket>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-proxy-"));
  asked = [];
  hub = createServer((request, response) => response.end(request.headers["range"] ?? BODY));
  proxy = createServer((request, response) => {
    // Plain http may come as a request for the whole URL.
    asked.push(`${request.method} ${request.url}`);
    response.end(BODY);
  });
  proxy.on("connect", (request, client: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    if (request.headers["proxy-authorization"] === `Basic ${btoa("mallory:x")}`) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const server = connect(portOf(hub), "127.0.0.1", () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
    client.pipe(server).pipe(client);
  });
  for (const server of [hub, proxy]) await once(server.listen(0, "127.0.0.1"), "listening");
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of [hub, proxy]) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const proxyUrl = (): string => `http://127.0.0.1:${portOf(proxy)}`;

describe("createFetch", () => {
  it.each(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])("uses %s", async (variable) => {
    const get = createFetch({ [variable]: proxyUrl().replace("http://", "") });
    const response = await get(`http://${HOST}/x`, { headers: new Headers({ accept: "text/plain" }) });
    expect(await response.text()).toBe("the file");
    expect(asked).toEqual([expect.stringContaining(HOST)]);
  });

  it("goes straight to the hosts in NO_PROXY, and everywhere without a proxy", async () => {
    const url = `http://127.0.0.1:${portOf(hub)}/x`;
    for (const env of [{}, { HTTP_PROXY: proxyUrl(), NO_PROXY: "example.org,127.0.0.1" }, { http_proxy: "" }])
      expect(await (await createFetch(env)(url)).text()).toBe("the file");
    expect(asked).toEqual([]);
  });

  it("names the proxy in an error, and not its password", async () => {
    const secret = proxyUrl().replace("//", "//mallory:secret@");
    proxy.close();
    const target = join(folder, "file");
    const download = (env: Record<string, string>) =>
      downloadFile(`https://${HOST}/x`, {
        target,
        sha256: "0".repeat(64),
        bytes: 8,
        fetch: createFetch(env),
        attempts: 1,
      });
    const error = await download({ HTTPS_PROXY: secret }).catch((cause: unknown) => cause as Error);
    expect(error).toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect((error as Error).message).toMatch(/ECONNREFUSED.*\(HTTPS_PROXY is http:\/\/127\.0\.0\.1:\d+\)$/);
    expect((error as Error).message).not.toMatch(/secret|offline/);
    await expect(download({ ALL_PROXY: "socks5://a:b@127.0.0.1:1" })).rejects.toMatchObject({
      message: expect.stringContaining(
        'ALL_PROXY: expected an HTTP proxy such as http://proxy.example:3128, got "socks5://127.0.0.1:1"',
      ),
    });
  });

  it("reports a proxy that refuses", async () => {
    const get = createFetch({ HTTPS_PROXY: proxyUrl().replace("//", "//mallory:x@") });
    const error: Error = await get(`https://${HOST}/x`).then(
      () => expect.unreachable(),
      (cause: Error) => cause,
    );
    expect(String(error.cause)).toMatch(/407.*HTTPS_PROXY is/);
  });
});
