import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serveDetectors } from "@callsign/serve/internal";
import { expect, it } from "vitest";
import { makeSet } from "../../../infer/test/support/make-set.ts";
import { HELLO } from "../support/serve-set.ts";
import { greet, SocketClient } from "../support/socket-client.ts";

it("adds the WebSocket to a server of the caller and takes it away again, leaving other paths alone", async () => {
  const detector = await makeSet([HELLO]);
  const server = createServer((_request, response) => response.end("the caller's"));
  // Not yet listening, it may get any address.
  await expect(serveDetectors(detector, { server })).rejects.toThrow(
    /may reach this HTTP server; give a token/,
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const own: string[] = [];
  server.on("upgrade", ({ url }, socket) => {
    if (url === "/v1/stream") return;
    own.push(url!);
    socket.destroy();
  });
  const detection = await serveDetectors(detector, { server });
  const client = await greet(`ws://127.0.0.1:${port}/v1/stream`);
  expect(client.said[0]).toMatchObject({ type: "ready", models: [{ name: "hello" }] });
  await new SocketClient(`ws://127.0.0.1:${port}/other`).closed;
  expect(own).toEqual(["/other"]);
  expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe("the caller's");
  await detection.close();
  expect(await client.closed).toMatchObject({ code: 1001 });
  expect(server.listenerCount("upgrade")).toBe(1);
  server.close();
  server.closeAllConnections();
  await detector.dispose();
});
