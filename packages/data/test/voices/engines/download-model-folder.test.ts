import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { downloadModelFolder } from "../../../src/voices/engines/download-model-folder.ts";
import { createVitsEngine } from "../../../src/voices/engines/vits/vits.ts";
import { COMMIT, gitId, type ModelHub, startModelHub } from "../support/model-hub.ts";
import { writeSmallVits } from "./vits/small-vits.ts";

describe("downloadModelFolder", () => {
  let hub: ModelHub;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-hub-"));
    const model = await writeSmallVits(join(folder, "source"));
    hub = await startModelHub();
    for (const name of ["vits-small.onnx", "tokens.txt", "lexicon.txt"])
      hub.files.set(name, await readFile(join(model, name)));
    hub.files.set("espeak-ng-data/lang/gmw/en", Buffer.from("name English"));
    hub.files.set("vits-small.int8.onnx", Buffer.from("quantized"));
  });
  afterAll(async () => {
    hub.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    hub.status = 200;
    hub.listed = [];
    hub.fetched = [];
  });

  it("fetches what a voice needs, checked, and nothing twice", async () => {
    const options = { hubUrl: hub.url, cacheDir: join(folder, "cache") };
    const path = await downloadModelFolder("some/vits", options);
    expect(path).toBe(join(folder, "cache", "models", "some--vits", COMMIT));
    expect(await readFile(join(path, "espeak-ng-data/lang/gmw/en"), "utf8")).toBe("name English");
    expect(await readFile(join(path, "vits-small.onnx"))).toEqual(hub.files.get("vits-small.onnx"));
    expect(hub.fetched).not.toContain("vits-small.int8.onnx");
    const first = hub.fetched.length;
    await rm(join(path, "tokens.txt"));
    await downloadModelFolder("some/vits", options);
    expect(new Set(hub.fetched.slice(first))).toEqual(new Set(["tokens.txt"]));
  });

  it("is the folder of last time without a network", async () => {
    const offline: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));
    const options = { hubUrl: hub.url, cacheDir: join(folder, "offline") };
    const path = await downloadModelFolder("some/vits", options);
    expect(await downloadModelFolder("some/vits", { ...options, fetch: offline })).toBe(path);
    const other = downloadModelFolder("some/vits", { ...options, revision: "v2", fetch: offline });
    await expect(other).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
  });

  it("sends no request for a commit that is in the cache", async () => {
    const options = { hubUrl: hub.url, cacheDir: join(folder, "by-commit") };
    const path = await downloadModelFolder("some/vits", options);
    const refuse: typeof fetch = () => Promise.reject(new Error("asked"));
    expect(await downloadModelFolder("some/vits", { ...options, revision: COMMIT, fetch: refuse })).toBe(
      path,
    );
  });

  it("lets a hub id stand for a folder", async () => {
    hub.files.delete("espeak-ng-data/lang/gmw/en");
    const vits = await createVitsEngine({
      model: "some/vits",
      hubUrl: hub.url,
      cacheDir: join(folder, "by-id"),
    });
    const voice = vits.drawVoice(createRandom(1));
    expect(voice.voice).toMatch(/^vits\/vits\/[012]$/);
    expect((await vits.synthesize("stop", voice)).samples.length).toBeGreaterThan(0);
  });

  it("refuses content that is not what the hub lists", async () => {
    // Listed under one Git id, served with another letter.
    hub.files.set("tokens-2.txt", Buffer.from("abc"));
    const fetchOther: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(input instanceof Request ? input.url : input).includes("tokens-2.txt")) return response;
      return new Response("abd", { status: response.status, headers: response.headers });
    };
    const answer = downloadModelFolder("some/vits", {
      hubUrl: hub.url,
      cacheDir: join(folder, "corrupt"),
      fetch: fetchOther,
    });
    await expect(answer).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: expect.stringContaining("some/vits/tokens-2.txt: expected Git object"),
    });
    hub.files.delete("tokens-2.txt");
  });

  it.each(["../up.txt", "a/../../up.txt", "/etc/up.txt", "a\\up.txt", "a//up.txt"])(
    "refuses the listed path %s",
    async (path) => {
      hub.listed = [{ type: "file", path, size: 3, oid: gitId(Buffer.from("abc")) } as never];
      await expect(
        downloadModelFolder("some/vits", { hubUrl: hub.url, cacheDir: join(folder, "paths") }),
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
    hub.status = answer;
    await expect(
      downloadModelFolder("some/vits", { hubUrl: hub.url, cacheDir: join(folder, "status") }),
    ).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining(message),
    });
  });

  it("stops when told to", async () => {
    await expect(
      downloadModelFolder("some/vits", {
        hubUrl: hub.url,
        cacheDir: join(folder, "stop"),
        signal: AbortSignal.abort(),
      }),
    ).rejects.toMatchObject({ code: "ABORTED" });
  });
});
