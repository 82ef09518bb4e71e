import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { packTar, type TarHeader } from "modern-tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CallsignError } from "@callsign/audio/internal";

import { readArchive } from "../../../src/sources/files/archive-entries.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-tar-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (name: string, body: string): { header: TarHeader; body: string } => ({
  header: { name, size: Buffer.byteLength(body) },
  body,
});

/** Names and contents; `skip` leaves some unread. */
async function readAll(bytes: Uint8Array, skip: (index: number) => boolean = () => false): Promise<string[]> {
  const path = join(folder, "a.tar");
  await writeFile(path, bytes);
  const found: string[] = [];
  let index = 0;
  for await (const entry of readArchive(path)) {
    const body = skip(index++) ? "" : Buffer.from(await entry.read({ mostBytes: 1000 })).toString();
    found.push(`${entry.name}=${body}`);
  }
  return found;
}

describe("readArchive", () => {
  it("gives files out of tar and tar.gz, whichever of them are read", async () => {
    const tar = await packTar([
      file("./a.txt", "one"),
      { header: { name: "folder/", size: 0, type: "directory" } },
      file("folder/b.txt", "two"),
      file("empty", ""),
      file(`${"long/".repeat(60)}name`, "three"),
    ]);
    const whole = ["a.txt=one", "folder/b.txt=two", "empty=", `${"long/".repeat(60)}name=three`];
    expect(await readAll(tar)).toEqual(whole);
    expect(await readAll(gzipSync(tar))).toEqual(whole);
    for (let mask = 0; mask < 16; mask++) {
      const skip = (index: number): boolean => (mask & (1 << index)) !== 0;
      expect(await readAll(tar, skip)).toEqual(
        whole.map((text, i) => (skip(i) ? text.replace(/=.*/, "=") : text)),
      );
    }
  });

  it.each([
    ["../evil", {}, "leads out of the archive with .."],
    ["a/../../evil", {}, "leads out of the archive with .."],
    ["a\\..\\evil", {}, "leads out of the archive with .."],
    ["/etc/passwd", {}, "has an absolute path"],
    ["C:\\evil", {}, "has an absolute path"],
    ["link", { type: "symlink", linkname: "/etc/passwd" }, "is a symlink, expected only files and folders"],
    ["link", { type: "link", linkname: "a" }, "is a link, expected"],
    ["pipe", { type: "fifo" }, "is a fifo, expected"],
    ["disk", { type: "block-device" }, "is a block-device, expected"],
  ] as const)("refuses an archive with %j %j", async (name, header, why) => {
    const tar = await packTar([file("good", "fine"), { header: { name, size: 0, ...header } }]);
    const error: unknown = await readAll(tar).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "ARCHIVE_UNSAFE" });
    expect(String(error)).toContain(`a.tar: entry ${JSON.stringify(name)} ${why}`);
  });

  it("refuses an entry larger than can be meant, before it is read", async () => {
    const tar = await packTar([file("big", "x".repeat(1001))]);
    await expect(readAll(tar)).rejects.toThrow(/big has 1001 bytes; expected at most 1000/);
  });

  it("says where an archive is cut short", async () => {
    const tar = await packTar([file("one", "x".repeat(600)), file("two", "y".repeat(600))]);
    const cut = (length: number): Promise<unknown> =>
      readAll(tar.subarray(0, length)).catch((caught: unknown) => caught);
    expect(String(await cut(700))).toMatch(/a\.tar: expected a whole tar archive; broken at one: /);
    expect(String(await cut(2000))).toMatch(/broken after one: /);
    expect(await cut(2300)).toMatchObject({ code: "ARCHIVE_INVALID" });
    const packed = gzipSync(tar);
    await expect(readAll(packed.subarray(0, packed.length - 12))).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
    });
    await expect(readAll(Buffer.from("no archive at all, but some text".repeat(40)))).rejects.toThrow(
      /broken at its start/,
    );
  });

  it("ends in good order on any damage", async () => {
    const tar = await packTar([
      file("one", "x".repeat(600)),
      file("folder/two", "y".repeat(80)),
      file("three", "z"),
    ]);
    for (const whole of [tar, new Uint8Array(gzipSync(tar))])
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          async (changes) => {
            const bytes = Uint8Array.from(whole);
            for (const [at, value] of changes) bytes[at] = value;
            const outcome: unknown = await readAll(bytes, (index) => index % 2 === 1).catch(
              (caught: unknown) => caught,
            );
            expect(Array.isArray(outcome) || outcome instanceof CallsignError).toBe(true);
          },
        ),
        { seed: 1, numRuns: 150 },
      );
  });

  it("refuses a missing file and stops when asked to", async () => {
    await expect(readArchive(join(folder, "none")).next()).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await writeFile(join(folder, "a.tar"), await packTar([file("one", "1")]));
    const entries = readArchive(join(folder, "a.tar"), { signal: AbortSignal.abort() });
    await expect(entries.next()).rejects.toMatchObject({ code: "ABORTED" });
  });
});
