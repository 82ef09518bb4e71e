import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ServedSet, serveSet } from "../../support/serve-set.ts";
import { WyomingTestClient } from "../../support/wyoming-test-client.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-socket-"));
  path = join(folder, "wake.sock");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const serve = (): Promise<ServedSet> => serveSet({ wyomingSocket: path });

async function describes(): Promise<void> {
  const client = await new WyomingTestClient(path).open();
  client.send("describe");
  await client.heard("info");
  client.socket.end();
  await client.closed;
}

it.skipIf(process.platform === "win32")(
  "is this user's alone, refuses a second server and is gone with the first",
  async () => {
    const served = await serve();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(serve()).rejects.toThrow(`cannot listen on unix://${path}: another program listens there`);
    await describes();
    await served.close();
    await expect(stat(path)).rejects.toThrow("ENOENT");
  },
);

it.skipIf(process.platform === "win32")("replaces the socket of a process that was killed", async () => {
  const listen = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  expect(spawnSync(process.execPath, ["-e", listen]).signal).toBe("SIGKILL");
  expect((await stat(path)).isSocket()).toBe(true);
  const served = await serve();
  await describes();
  await served.close();
});

it.skipIf(process.platform === "win32")(
  "leaves a file alone and says what is wrong with a path",
  async () => {
    await writeFile(path, "notes");
    await chmod(path, 0o644);
    await expect(serve()).rejects.toThrow("a file that is no socket is there");
    expect(await readFile(path, "utf8")).toBe("notes");
    path = join(folder, "missing", "wake.sock");
    await expect(serve()).rejects.toThrow("its folder is missing");
    path = join(folder, "x".repeat(120));
    await expect(serve()).rejects.toThrow("too long for a socket");
  },
);
