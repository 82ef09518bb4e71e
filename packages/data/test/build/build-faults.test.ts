import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type BuildContext, type DataConfigInput, pullSources } from "@callsign/data/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { makeClips, parquetRepository } from "../sources/support/corpora.ts";
import { HubServer } from "../sources/support/hub-server.ts";
import { hashFolder, makeSources, runBuild, smallConfig, smallContext } from "./support/small-build.ts";

const REPOSITORY = "someone/common_voice_17_0";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-build-faults-"));
  await makeSources(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("buildData", () => {
  it("refuses a folder with other files in it, and leaves them alone", async () => {
    const out = join(folder, "mine");
    await mkdir(join(out, "clips"), { recursive: true });
    await writeFile(join(out, "clips", "grandmother.wav"), "irreplaceable");
    await expect(runBuild(smallContext(folder, { out }))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(
        "expected an empty folder or an earlier build, got a folder with clips",
      ),
    });
    expect(Object.keys(await hashFolder(out))).toEqual(["clips/grandmother.wav"]);
  });

  it("says that a file is where its folder should be", async () => {
    const out = join(folder, "taken");
    await writeFile(out, "");
    await expect(runBuild(smallContext(folder, { out }))).rejects.toMatchObject({
      code: "FILE_WRITE_FAILED",
      message: expect.stringContaining("a file is where its folder should be"),
    });
  });

  it.each<[string, NonNullable<DataConfigInput["data"]>]>([
    ["corpus-nowhere", { corpora: [{ source: { kind: "folder", path: "nowhere", licence: "CC0-1.0" } }] }],
    ["noise-nowhere", { noise: [{ source: { path: "nowhere", licence: "CC0-1.0" } }] }],
    ["corpus-common-voice-en-train", { corpora: [{ source: { kind: "common-voice", path: "nowhere" } }] }],
  ])("misses a folder before it speaks a word: %s", async (id, data) => {
    const out = join(folder, "missing");
    const config = { data: { ...smallConfig.data, ...data } };
    await expect(runBuild(smallContext(folder, { out, config }))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: `${join(folder, "nowhere")}: no such file or folder, named by ${id} in the config`,
    });
    await expect(readdir(out)).rejects.toThrow("ENOENT");
  });
});

describe("pullSources", () => {
  it("fetches all that a build then reads without a network", async () => {
    const files = parquetRepository(await makeClips());
    const server = await HubServer.start({ repository: REPOSITORY, files });
    const source = { kind: "common-voice" as const, repository: REPOSITORY, minSeconds: 0.4, count: 3 };
    const config = { data: { ...smallConfig.data, corpora: [{ source }], noise: [] } };
    const cacheDir = join(folder, "cache");
    const hub = { endpoint: server.endpoint, fetch, cacheDir, sleep: () => Promise.resolve() };
    const context: BuildContext = { ...smallContext(folder, { out: join(folder, "pulled"), config }), hub };
    const pulling = pullSources(context);
    let pulled = await pulling.next();
    while (pulled.done !== true) pulled = await pulling.next();
    expect(pulled.value).toContainEqual({ kind: "corpus", name: REPOSITORY, clips: 3 });
    await server.stop();
    await runBuild(context, { until: "collect" });
    expect(await readdir(join(context.out, "clips", "corpus-common-voice-en-train"))).toHaveLength(3);
  });
});
