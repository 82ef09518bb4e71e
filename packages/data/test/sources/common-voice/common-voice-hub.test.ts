import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import {
  type MadeClip,
  makeClips,
  parquetRepository,
  parquetShard,
  tarRepository,
} from "../support/corpora.ts";
import { Place, readAll } from "../support/place.ts";

let made: MadeClip[];
let place: Place;
beforeAll(async () => {
  made = await makeClips();
});
beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.close());

describe("common-voice on a hub", () => {
  it("reads of a parquet only the parts it needs", async () => {
    // 320 clips in 16 row groups and two shards, some 1.6 MB.
    const many = Array.from({ length: 20 }, (_, copy) =>
      made.map((clip) => ({ ...clip, path: `${copy}_${clip.path}`, mp3: withTag(clip.mp3, copy) })),
    ).flat();
    const read = async (offsetIndex: boolean): Promise<number> => {
      const options = { rowGroupSize: 20, pageSize: 4000, offsetIndex };
      const shard = (from: number, to: number): Uint8Array => parquetShard(many.slice(from, to), options);
      const files = new Map([
        ["en/train/0000.parquet", shard(0, 160)],
        ["en/train/0001.parquet", shard(160, 320)],
        ["en/test/0000.parquet", shard(0, 160)],
      ]);
      const server = await place.serve(files);
      const cacheDir = join(place.folder, `cache ${offsetIndex}`);
      const source = place.hubSource(server, { count: 1 }, { cacheDir });
      const [clip] = await readAll(source);
      expect(clip!.audio.length).toBeGreaterThan(9000);
      const touched = new Set(
        server.requests.map(({ path }) => path).filter((path) => path.startsWith("/storage/")),
      );
      expect([...touched]).toEqual([expect.stringMatching(/en\/train\/000[01]/)]);
      const bytes = server.bytesOf(".parquet?signature=1");
      // A second run, such as one that continues a first, fetches nothing again.
      expect(await readAll(source)).toEqual([clip]);
      expect(server.bytesOf(".parquet?signature=1")).toBe(bytes);
      return bytes;
    };
    const [footer, group, page, texts] = [1 << 16, 20 * 5000, 2 * 5000, 6000];
    expect(await read(false)).toBeLessThan(footer + group + texts);
    expect(await read(true)).toBeLessThan(footer + page + texts);
  });

  it("fetches no more archives than it takes, and none a second time", async () => {
    const server = await place.serve(await tarRepository(made));
    const source = place.hubSource(server, { count: 3 });
    await readAll(source);
    const archives = new Set(server.requests.map(({ path }) => path).filter((path) => path.includes(".tar")));
    expect([...archives].filter((path) => path.startsWith("/storage/"))).toHaveLength(1);
    const before = server.bytesOf("signature=1");
    await readAll(source);
    expect(server.bytesOf("signature=1")).toBe(before);
  });

  it.each(["parquet", "tar"])("reads again without a network what it has read: %s", async (kind) => {
    const files = kind === "tar" ? await tarRepository(made) : parquetRepository(made);
    const server = await place.serve(files);
    const first = await readAll(place.hubSource(server, { count: 3 }));
    const offline: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));
    expect(await readAll(place.hubSource(server, { count: 3 }, { fetch: offline }))).toEqual(first);
    const other = place.hubSource(server, { subset: "test" }, { fetch: offline });
    expect(await place.failure(other)).toMatchObject({ code: "DOWNLOAD_FAILED" });
  });

  it("continues an archive that was broken off, within a run and in the next", async () => {
    const files = await tarRepository(made);
    const server = await place.serve(files);
    server.faults.push({ match: /_train_[01]\.tar/, times: 1, cutAfter: 30_000 });
    await readAll(place.hubSource(server, { count: 3 }));
    const [first, second] = server.requests.filter(({ path }) => path.startsWith("/storage/audio"));
    expect(first!.bytes).toBe(30_000);
    expect(second!.range).toBe("bytes=30000-");
    expect(first!.bytes + second!.bytes).toBe(
      files.get(first!.path.slice("/storage/".length).replace("?signature=1", ""))!.length,
    );

    server.requests.length = 0;
    server.faults.push({ match: /_train_[01]\.tar/, times: 1, cutAfter: 20_000 });
    const all = place.hubSource(server, {}, { attempts: 1 });
    expect(await place.failure(all)).toMatchObject({ code: "DOWNLOAD_FAILED" });
    await readAll(all);
    const archive = server.requests.filter(({ path }) => path.startsWith("/storage/audio"));
    expect(archive.map(({ range }) => range)).toEqual([undefined, "bytes=20000-"]);
  });

  it("sends the token to the hub and to nobody else", async () => {
    const server = await place.serve(parquetRepository(made), { token: "hf_secret" });
    await readAll(place.hubSource(server, { count: 1 }, { token: "hf_secret" }));
    const sent = (start: string): Set<string | undefined> =>
      new Set(
        server.requests
          .filter(({ path }) => path.startsWith(start))
          .map(({ authorization }) => authorization),
      );
    expect(sent("/api")).toEqual(new Set(["Bearer hf_secret"]));
    expect(sent("/datasets")).toEqual(new Set(["Bearer hf_secret"]));
    expect(sent("/storage")).toEqual(new Set([undefined]));
  });

  it("says what to do without a token and with a wrong one", async () => {
    const server = await place.serve(parquetRepository(made), { token: "hf_secret" });
    const missing = await place.failure(place.hubSource(server));
    expect(missing.code).toBe("HUB_UNAUTHORIZED");
    expect(missing.message).toMatch(/someone\/common_voice_17_0.*HTTP 401.*no token was given: set HF_TOKEN/);
    const wrong = await place.failure(place.hubSource(server, {}, { token: "hf_other" }));
    expect(wrong.message).toContain("the token given may not read it");
  });

  it("refuses a repository and a subset that are not there", async () => {
    const server = await place.serve(parquetRepository(made));
    expect(await place.failure(place.hubSource(server, { repository: "someone/else" }))).toMatchObject({
      code: "HUB_NOT_FOUND",
    });
    expect(await place.failure(place.hubSource(server, { subset: "validated" }))).toEqual({
      code: "CORPUS_EMPTY",
      message: expect.stringContaining(
        "neither en/validated/*.parquet nor audio/en/validated/*.tar",
      ) as string,
    });
  });

  it("says where the emptied repository of Mozilla went", async () => {
    const repository = "mozilla-foundation/common_voice_13_0";
    const server = await place.serve(new Map([["README.md", Buffer.from("moved")]]), { repository });
    const emptied = await place.failure(place.hubSource(server, { repository }));
    expect(emptied.code).toBe("CORPUS_EMPTY");
    for (const part of [
      "October 2025",
      "fixie-ai/common_voice_17_0",
      "fsicoli/",
      "datacollective.mozillafoundation.org",
    ])
      expect(emptied.message).toContain(part);
  });

  it("waits as long as a busy hub asks, and gives up on one that asks too long", async () => {
    const server = await place.serve(parquetRepository(made));
    const waits: number[] = [];
    const sleep = async (milliseconds: number): Promise<void> => void waits.push(milliseconds);
    const source = place.hubSource(server, { count: 1 }, { sleep });
    server.faults.push({ match: /\/tree\//, times: 1, status: 429, headers: { "retry-after": "7" } });
    server.faults.push({ match: /\/storage\//, times: 2, status: 500 });
    expect(await readAll(source)).toHaveLength(1);
    expect(waits).toEqual([7000, 500, 1000]);

    server.faults.push({ match: /\/tree\//, times: 1, status: 429, headers: { "retry-after": "3600" } });
    const fresh = place.hubSource(server, {}, { sleep, cacheDir: join(place.folder, "fresh") });
    const limited = await place.failure(fresh);
    expect(limited).toMatchObject({ code: "HUB_RATE_LIMITED" });
    expect(limited.message).toMatch(/HTTP 429.*try again in 3600 s/);
    expect(waits).toHaveLength(3);
  });

  it("reads again what came by half, and gives up after a few times", async () => {
    const server = await place.serve(parquetRepository(made));
    const source = place.hubSource(server, { count: 1 });
    server.faults.push({ match: /\/storage\/.*parquet/, times: 5, cutAfter: 100 });
    const broken = await place.failure(source);
    expect(broken.code).toBe("DOWNLOAD_FAILED");
    expect(broken.message).toMatch(/en\/train\/000\d\.parquet bytes \d+-\d+: .*tried 5 times/);
    server.faults.push({ match: /\/storage\/.*parquet/, times: 4, cutAfter: 100 });
    expect(await readAll(source)).toHaveLength(1);
    expect(server.faults.map(({ times }) => times)).toEqual([0, 0]);
    server.faults.push({ match: /\/api\//, times: 9, status: 500 });
    const fresh = place.hubSource(server, {}, { cacheDir: join(place.folder, "fresh") });
    expect((await place.failure(fresh)).message).toMatch(/HTTP 500.*tried 5 times/);
  });

  it("refuses a server that answers a range with everything", async () => {
    const server = await place.serve(parquetRepository(made));
    server.faults.push({ match: /\/storage\//, times: 1, ignoreRange: true });
    const refused = await place.failure(place.hubSource(server));
    expect(refused.code).toBe("DOWNLOAD_FAILED");
    expect(refused.message).toContain("does not serve parts of files");
  });

  it("says that the disk is full, and goes on from there once it is not", async () => {
    const server = await place.serve(await tarRepository(made));
    const source = place.hubSource(server, { count: 3 });
    const probe = await open(join(place.folder, "probe"), "w");
    const handles = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    // Writing is made to fail as it does on a full disk; which of them the downloader uses is its own affair.
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    const spies = (["appendFile", "write", "writeFile"] as const).map((name) =>
      vi.spyOn(handles, name).mockRejectedValue(full),
    );
    const refused = await place.failure(source);
    for (const spy of spies) spy.mockRestore();
    expect(refused.code).toBe("FILE_WRITE_FAILED");
    expect(refused.message).toMatch(/the disk is full|ENOSPC/);
    expect(await readAll(source)).toHaveLength(3);
  });

  it("refuses a table changed on the way", async () => {
    const files = await tarRepository(made);
    const server = await place.serve(files);
    const table = files.get("transcript/en/train.tsv")!;
    expect(table.length).toBeLessThan(2000);
    const flip: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!response.url.includes("train.tsv")) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[bytes.length - 2]! ^= 1;
      return new Response(bytes, { status: response.status, headers: response.headers });
    };
    const source = place.hubSource(server, {}, { fetch: flip });
    expect(await place.failure(source)).toMatchObject({ code: "CHECKSUM_MISMATCH" });
  });
});

/** With an ID3v2 tag of 4 bytes: bytes that are all alike would go into a dictionary, as those of a corpus never do. */
const withTag = (mp3: Uint8Array, value: number): Uint8Array =>
  Buffer.concat([Buffer.from("ID3\x03\0\0\0\0\0\x04", "latin1"), Buffer.from([0, 0, 0, value]), mp3]);
