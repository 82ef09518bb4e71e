import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CallsignError } from "@callsign/audio/internal";
import {
  type Asset,
  type AssetOptions,
  assetUrl,
  type DownloadProgress,
  locateAsset,
  resolveAsset,
  SPEECH_EMBEDDING,
} from "@callsign/infer/node/internal";
import {
  breakAfter,
  fail,
  portOf,
  type HubServer,
  serve,
  serveWhole,
  stallAfter,
  startHubServer,
} from "../../support/hub-server.ts";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 13);
const BYTES_BUFFER = Buffer.from(BYTES);
const OTHER = BYTES.map((byte) => byte ^ 1);
const ASSET: Asset = {
  id: "test-asset",
  fileNames: ["test-asset.onnx", "other_name.onnx"],
  sha256: createHash("sha256").update(BYTES).digest("hex"),
  bytes: BYTES.length,
  licence: "none",
  hub: { repository: "owner/name", revision: "main", path: "pretrained/test-asset.onnx" },
  alsoAt: "https://example.org/other_name.onnx",
};

let folder: string;
let hub: HubServer;
let waits: number[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-assets-"));
  hub = await startHubServer({ "pretrained/test-asset.onnx": BYTES });
  waits = [];
});

afterEach(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

const cached = (): string => join(folder, "cache", "callsign", "test-asset.onnx");

/** Options of a machine of its own: its cache, its hub, no waiting. */
function options({ env = {}, ...changes }: AssetOptions = {}): AssetOptions {
  return {
    env: { XDG_CACHE_HOME: join(folder, "cache"), HF_ENDPOINT: hub.endpoint, ...env },
    sleep: (milliseconds) => Promise.resolve(void waits.push(milliseconds)),
    ...changes,
  };
}

async function put(path: string, bytes: Uint8Array = BYTES): Promise<string> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

/** Resolves, expecting a refusal that says how to get the file by hand. */
async function refusal(changes: AssetOptions = {}): Promise<CallsignError> {
  const error = await resolveAsset(ASSET, options(changes)).then(
    (path) => new Error(`resolved to ${path}`),
    (failure: unknown) => failure,
  );
  if (!(error instanceof CallsignError)) throw error;
  expect(error.message).toContain(
    `By hand: download ${hub.endpoint}/owner/name/resolve/main/pretrained/test-asset.onnx`,
  );
  expect(error.message).toContain("or https://example.org/other_name.onnx");
  expect(error.message).toContain(`save it as ${cached()}`);
  expect(error.message).toContain("set CALLSIGN_ASSETS");
  return error;
}

describe("where an asset is looked for", () => {
  it("takes the explicit path before all else, and asks nobody", async () => {
    const path = await put(join(folder, "mine", "any-name.bin"));
    await put(join(folder, "assets", "test-asset.onnx"));
    const env = { CALLSIGN_ASSETS: join(folder, "assets") };
    expect(await resolveAsset(ASSET, options({ path, env }))).toBe(path);
    expect(hub.requests).toEqual([]);
  });

  it("takes CALLSIGN_ASSETS before the cache, under any of its names", async () => {
    await put(cached());
    const path = await put(join(folder, "assets", "other_name.onnx"));
    const env = { CALLSIGN_ASSETS: join(folder, "assets") };
    expect(await locateAsset(ASSET, options({ env }))).toEqual({ path, origin: "CALLSIGN_ASSETS" });
  });

  it("takes the cache where CALLSIGN_ASSETS has none, or is empty", async () => {
    await put(cached());
    await mkdir(join(folder, "assets"));
    for (const CALLSIGN_ASSETS of [join(folder, "assets"), ""])
      expect(await locateAsset(ASSET, options({ env: { CALLSIGN_ASSETS } }))).toEqual({
        path: cached(),
        origin: "cache",
      });
    expect(hub.requests).toEqual([]);
  });

  it("downloads into the cache where it is nowhere, once", async () => {
    expect(await locateAsset(ASSET, options())).toBeUndefined();
    for (let i = 0; i < 2; i++) expect(await resolveAsset(ASSET, options())).toBe(cached());
    expect(BYTES_BUFFER.equals(await readFile(cached()))).toBe(true);
    expect(await readdir(join(folder, "cache", "callsign"))).toEqual(["test-asset.onnx"]);
    expect(hub.requests.map(({ server, url }) => `${server} ${url}`)).toEqual([
      "hub /owner/name/resolve/main/pretrained/test-asset.onnx",
      "cdn /pretrained/test-asset.onnx",
    ]);
  });

  it("refuses a file with other content by name, wherever it was found", async () => {
    const places = {
      path: await put(join(folder, "mine.onnx"), OTHER),
      assets: await put(join(folder, "assets", "test-asset.onnx"), OTHER.subarray(1)),
      cache: await put(cached(), OTHER),
    };
    for (const [path, changes] of [
      [places.path, { path: places.path }],
      [places.assets, { env: { CALLSIGN_ASSETS: join(folder, "assets") } }],
      [places.cache, {}],
    ] as const) {
      const error = await refusal(changes);
      expect(error.code).toBe("CHECKSUM_MISMATCH");
      expect(error.message).toContain(
        `${path}: this is not test-asset: expected 300000 bytes with sha256 ${ASSET.sha256}`,
      );
      expect(error.message).toContain("Delete or replace it");
    }
    expect(hub.requests).toEqual([]);
  });

  it("refuses an explicit path that is not there, or not a file", async () => {
    for (const path of [join(folder, "nowhere.onnx"), folder])
      expect(await refusal({ path })).toMatchObject({
        code: "FILE_NOT_FOUND",
        message: expect.stringContaining(path),
      });
  });

  it("refuses a CALLSIGN_ASSETS that is no folder rather than downloading behind its back", async () => {
    const CALLSIGN_ASSETS = join(folder, "misspelt");
    await expect(resolveAsset(ASSET, options({ env: { CALLSIGN_ASSETS } }))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: `CALLSIGN_ASSETS names ${CALLSIGN_ASSETS}, which is not a folder`,
    });
  });

  it.skipIf(!hasSharedData)("finds the real speech embedding under openWakeWord's name", async () => {
    const env = { CALLSIGN_ASSETS: sharedPath("reference") };
    expect(await resolveAsset(SPEECH_EMBEDDING, options({ env }))).toBe(
      sharedPath("reference", "embedding_model.onnx"),
    );
  });
});

describe("download", () => {
  it("reports bytes, total, rate and the time left", async () => {
    const seen: DownloadProgress[] = [];
    await resolveAsset(ASSET, options({ onProgress: (progress) => seen.push(progress) }));
    expect(seen.every(({ total, unit }) => total === BYTES.length && unit === "bytes")).toBe(true);
    expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).toSorted((a, b) => a - b));
    expect(seen.at(-1)).toMatchObject({ done: BYTES.length, etaSeconds: 0 });
    expect(seen.at(-1)!.bytesPerSecond).toBeGreaterThan(0);
  });

  it("takes a file that is not on the hub from its own address, without the hub's token", async () => {
    const { hub: _hub, ...asset } = {
      ...ASSET,
      url: `${hub.endpoint}/owner/name/resolve/v1/pretrained/test-asset.onnx`,
    };
    expect(
      await resolveAsset(
        asset,
        options({ env: { HF_TOKEN: "hf_secret", HF_ENDPOINT: "http://nowhere.invalid" } }),
      ),
    ).toBe(cached());
    expect(hub.requests.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  it("sends HF_TOKEN to the hub and to nobody else", async () => {
    await resolveAsset(ASSET, options({ env: { HF_TOKEN: "hf_secret" } }));
    expect(hub.requests.map(({ authorization }) => authorization)).toEqual(["Bearer hf_secret", undefined]);
  });

  it("continues where the connection broke", async () => {
    hub.replies = [breakAfter(100_000), breakAfter(50_000), serve];
    await resolveAsset(ASSET, options());
    expect(BYTES_BUFFER.equals(await readFile(cached()))).toBe(true);
    expect(hub.requests.filter(({ server }) => server === "cdn").map(({ range }) => range)).toEqual([
      undefined,
      "bytes=100000-",
      "bytes=150000-",
    ]);
    expect(waits).toEqual([500, 1000]);
  });

  it("continues what an earlier process left, and one that died", async () => {
    // No process has this number: the kernel's largest is 2^22.
    for (const name of ["test-asset.onnx.part", "test-asset.onnx.99999999-1.part"]) {
      await rm(cached(), { force: true });
      await put(join(cached(), "..", name), BYTES.subarray(0, 200_000));
      await resolveAsset(ASSET, options());
      expect(hub.requests.at(-1)?.range).toBe("bytes=200000-");
      expect(await readdir(join(folder, "cache", "callsign"))).toEqual(["test-asset.onnx"]);
    }
  });

  it("leaves what it has when it gives up, and continues from there", async () => {
    hub.replies = [breakAfter(120_000), fail(503)];
    expect(await refusal()).toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("HTTP 503 Service Unavailable (tried 5 times)"),
    });
    expect(await readdir(join(folder, "cache", "callsign"))).toEqual(["test-asset.onnx.part"]);
    hub.replies = [serve];
    await resolveAsset(ASSET, options());
    expect(hub.requests.at(-1)?.range).toBe("bytes=120000-");
    expect(BYTES_BUFFER.equals(await readFile(cached()))).toBe(true);
  });

  it("starts anew where the server will not continue, or the part is another file's", async () => {
    const part = join(cached(), "..", "test-asset.onnx.part");
    for (const [left, replies] of [
      [BYTES.subarray(0, 100_000), [serveWhole]],
      [OTHER.subarray(0, 100_000), [serve]],
      [OTHER, [serve]],
      [new Uint8Array(BYTES.length + 1), [serve]],
      [BYTES.subarray(0, 100_000), [fail(416), serve]],
    ] as const) {
      await rm(cached(), { force: true });
      await put(part, left);
      hub.replies = [...replies];
      await resolveAsset(ASSET, options());
      expect(BYTES_BUFFER.equals(await readFile(cached()))).toBe(true);
    }
  });

  it("waits as long as a busy server asks", async () => {
    const inTwoSeconds = new Date(Date.now() + 2000).toUTCString();
    hub.replies = [
      fail(429, { "retry-after": "7" }),
      fail(429, { "retry-after": inTwoSeconds }),
      fail(502),
      serve,
    ];
    await resolveAsset(ASSET, options());
    expect(waits[0]).toBe(7000);
    expect(waits[1]).toBeGreaterThanOrEqual(0);
    expect(waits[1]).toBeLessThanOrEqual(2000);
    expect(waits[2]).toBe(2000);
  });

  it("passes a long wait on to the user instead of sitting it out", async () => {
    hub.replies = [fail(429, { "retry-after": "3600" })];
    expect(await refusal()).toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("HTTP 429 Too Many Requests: the server asks to wait 3600 s"),
    });
    expect(waits).toEqual([]);
  });

  it("gives a stalled connection up and tries again", async () => {
    hub.replies = [stallAfter(1000), serve];
    await resolveAsset(ASSET, options({ stallMs: 150 }));
    expect(hub.requests.at(-1)?.range).toBe("bytes=1000-");
  });

  it.each<[number, RegExp]>([
    [404, /HTTP 404 Not Found: there is no such file, repository or revision/],
    [401, /HTTP 401 Unauthorized: access denied; if the repository is private or gated, set HF_TOKEN/],
    [403, /HTTP 403 Forbidden: access denied/],
    [400, /HTTP 400 Bad Request/],
  ])("says what HTTP %i means and does not insist", async (status, message) => {
    hub.replies = [fail(status)];
    const error = await refusal();
    expect(error.code).toBe("DOWNLOAD_FAILED");
    expect(error.message).toMatch(message);
    expect(waits).toEqual([]);
    expect(await readdir(join(folder, "cache", "callsign"))).toEqual([]);
  });

  it("refuses other content and keeps none of it", async () => {
    hub.replies = [(_, response) => response.end(OTHER)];
    const wrong = await refusal();
    expect(wrong.code).toBe("CHECKSUM_MISMATCH");
    expect(wrong.message).toContain(
      `expected 300000 bytes with sha256 ${ASSET.sha256}, got 300000 bytes with`,
    );
    hub.replies = [(_, response) => response.end(Buffer.concat([BYTES, BYTES]))];
    expect(await refusal()).toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: expect.stringContaining("sends more"),
    });
    expect(await readdir(join(folder, "cache", "callsign"))).toEqual([]);
  });

  it("says so when there is no network", async () => {
    const unresolvable = () =>
      Promise.reject(
        new TypeError("fetch failed", {
          cause: Object.assign(new Error("getaddrinfo ENOTFOUND huggingface.co"), { code: "ENOTFOUND" }),
        }),
      );
    expect((await refusal({ fetch: unresolvable })).message).toMatch(
      /is this machine offline\? getaddrinfo ENOTFOUND/,
    );
    const refused = `http://127.0.0.1:${await closedPort()}`;
    await expect(resolveAsset(ASSET, options({ env: { HF_ENDPOINT: refused } }))).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringMatching(
        /127\.0\.0\.1:\d+ cannot be reached; is this machine offline\? .*ECONNREFUSED/,
      ),
    });
    expect(waits).toEqual([]);
  });

  it("obeys HF_HUB_OFFLINE", async () => {
    expect(await refusal({ env: { HF_HUB_OFFLINE: "1" } })).toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect(hub.requests).toEqual([]);
  });

  it("says when the cache cannot be written", async () => {
    await put(join(folder, "cache"));
    expect(await refusal()).toMatchObject({
      code: "FILE_WRITE_FAILED",
      message: expect.stringContaining(
        `${cached()}: cannot be written: a file is where its folder should be`,
      ),
    });
    if (process.getuid?.() === 0) return; // root may write anywhere
    await rm(join(folder, "cache"));
    await mkdir(join(folder, "cache"), { mode: 0o555 });
    expect((await refusal()).message).toContain("permission denied");
    await chmod(join(folder, "cache"), 0o755);
  });

  it("stops when told to, and leaves what it has", async () => {
    const stop = new AbortController();
    hub.replies = [stallAfter(100_000)];
    const onProgress = ({ done }: DownloadProgress): void => {
      if (done === 100_000) stop.abort();
    };
    await expect(resolveAsset(ASSET, options({ signal: stop.signal, onProgress }))).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(await readdir(join(folder, "cache", "callsign"))).toEqual(["test-asset.onnx.part"]);
    await expect(resolveAsset(ASSET, options({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it("survives several at once", async () => {
    await Promise.all(Array.from({ length: 4 }, () => resolveAsset(ASSET, options())));
    expect(BYTES_BUFFER.equals(await readFile(cached()))).toBe(true);
    expect(await readdir(join(folder, "cache", "callsign"))).toEqual(["test-asset.onnx"]);
  });

  it("says how to put a file in place that has no address", async () => {
    const { hub: _, alsoAt: __, ...homeless } = ASSET;
    await expect(resolveAsset(homeless, options())).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringMatching(/test-asset: not found\.\nBy hand: save it as .*set CALLSIGN_ASSETS/),
    });
  });
});

describe("assetUrl", () => {
  it("is the hub's resolve address", () => {
    expect(assetUrl(SPEECH_EMBEDDING, { env: {} })).toBe(
      "https://huggingface.co/benjamin-paine/hey-buddy/resolve/main/pretrained/speech-embedding.onnx",
    );
    expect(assetUrl(SPEECH_EMBEDDING, { env: { HF_ENDPOINT: "https://mirror.example//" } })).toMatch(
      /^https:\/\/mirror\.example\/benjamin-paine\//,
    );
    expect(() => assetUrl(SPEECH_EMBEDDING, { env: { HF_ENDPOINT: "mirror" } })).toThrow(/HF_ENDPOINT/);
  });
});

/** A port where nobody listens: one that was just given back. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const port = portOf(server);
  await new Promise((done) => server.close(done));
  return port;
}
