import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileAtomic } from "../../src/node/write-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-write-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("writeFileAtomic", () => {
  it("writes text and bytes, making folders and leaving nothing else behind", async () => {
    const text = join(folder, "a", "b", "report.json");
    await writeFileAtomic(text, "grüße");
    await writeFileAtomic(join(folder, "model.onnx"), Uint8Array.of(0, 255, 7));
    expect(await readFile(text, "utf8")).toBe("grüße");
    expect([...(await readFile(join(folder, "model.onnx")))]).toEqual([0, 255, 7]);
    expect(await readdir(folder)).toEqual(["a", "model.onnx"]);
    expect(await readdir(join(folder, "a", "b"))).toEqual(["report.json"]);
  });

  it("takes a name as long as a file system allows", async () => {
    const name = "n".repeat(255);
    await writeFileAtomic(join(folder, name), "x");
    expect(await readdir(folder)).toEqual([name]);
  });

  it("never shows a reader half a file while writers replace it", async () => {
    const path = join(folder, "shared.txt");
    const contents = ["a", "b", "c", "d"].map((letter) => letter.repeat(300_000));
    await writeFileAtomic(path, contents[0]!);
    const write = async (content: string): Promise<void> => {
      for (let i = 0; i < 10; i++) await writeFileAtomic(path, content);
    };
    const read = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) expect(contents).toContain(await readFile(path, "utf8"));
    };
    await Promise.all([...contents.map(write), read()]);
    expect(await readdir(folder)).toEqual(["shared.txt"]);
  });

  it("follows a link instead of replacing it", async () => {
    await writeFile(join(folder, "real.txt"), "old");
    await symlink(join(folder, "real.txt"), join(folder, "link.txt"));
    await writeFileAtomic(join(folder, "link.txt"), "new");
    expect((await lstat(join(folder, "link.txt"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, "real.txt"), "utf8")).toBe("new");
  });

  it("names the path when it cannot write, and cleans up", async () => {
    await mkdir(join(folder, "taken"));
    await expect(writeFileAtomic(join(folder, "taken"), "x")).rejects.toMatchObject({
      code: "FILE_WRITE_FAILED",
      message: expect.stringContaining(join(folder, "taken")),
    });
    await writeFile(join(folder, "file"), "");
    await expect(writeFileAtomic(join(folder, "file", "below"), "x")).rejects.toMatchObject({
      code: "FILE_WRITE_FAILED",
    });
    expect(await readdir(folder)).toEqual(["file", "taken"]);
  });

  it("leaves the old file when it is interrupted", async () => {
    const path = join(folder, "kept.txt");
    await writeFileAtomic(path, "old");
    const interrupted = new AbortController();
    const writing = writeFileAtomic(path, new Uint8Array(50_000_000), { signal: interrupted.signal });
    interrupted.abort();
    await expect(writing).rejects.toMatchObject({ code: "ABORTED" });
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["kept.txt"]);
  });

  it.skipIf(process.platform !== "linux")(
    "writes into a pipe or a device instead of replacing it",
    async () => {
      const fifo = join(folder, "fifo");
      execFileSync("mkfifo", [fifo]);
      const reader = spawn("cat", [fifo]);
      let got = "";
      reader.stdout.on("data", (data: Buffer) => (got += data.toString()));
      const ended = once(reader, "close");
      await writeFileAtomic(fifo, "through the pipe");
      await ended;
      expect(got).toBe("through the pipe");
      expect((await stat(fifo)).isFIFO()).toBe(true);
    },
  );
});
