import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { blobKey, fetchFiles, openStore, readBlob, sendFiles, writeBlob } from "@callsign/data/internal";
import { sha256Hex } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { refusal } from "../../../../test-support/refusal.ts";
import { type S3Server, startS3Server } from "./support/s3-server.ts";

let folder = "";
let s3: S3Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-store-"));
  s3 = await startS3Server();
});

afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** `s3://bucket/prefix` of another server; AWS_ENDPOINT_URL and keys are in the environment, too. */
const { CALLSIGN_TEST_STORE: remote } = process.env;
const STORES = {
  "a folder": async (name: string) => openStore(join(folder, "stores", name), { env: {} }),
  "S3's protocol": async (name: string) => openStore(`s3://bucket/${name}`, { env: s3.env }),
  ...(remote && {
    [remote]: async (name: string) => openStore(`${remote}/${Date.now()}/${name}`, { env: process.env }),
  }),
};

describe.each(Object.entries(STORES))("a store in %s", (_kind, open) => {
  it("keeps what was written first", async () => {
    const store = await open("first");
    expect(await store.has("jobs/a")).toBe(false);
    expect(await store.read("jobs/a")).toBeUndefined();
    const written = await Promise.all(["1", "2", "3"].map((value) => store.write("jobs/a", text(value))));
    expect(written.filter(Boolean)).toHaveLength(1);
    const first = String(written.indexOf(true) + 1);
    expect(new TextDecoder().decode(await store.read("jobs/a"))).toBe(first);
    expect(await store.write("jobs/a", text("4"))).toBe(false);
    await store.remove("jobs/a");
    expect(await store.has("jobs/a")).toBe(false);
    await store.remove("jobs/a");
  });

  it("sends files, and fetches them unless they are missing or damaged", async () => {
    const store = await open("files");
    const here = join(folder, `files-${_kind.length}`);
    await store.fetch("nothing", join(here, "none")).then((found) => expect(found).toBe(false));
    await writeBlob(store, text("whole"));
    const file = { path: "some/clip.wav", sha256: sha256Hex("whole") };
    await fetchFiles(store, { files: [file], folder: join(here, "to") });
    expect(await readFile(join(here, "to", file.path), "utf8")).toBe("whole");
    expect(await readdir(join(here, "to", "some"))).toEqual(["clip.wav"]);

    const other = { path: "b", sha256: sha256Hex("b") };
    await writeFile(join(here, "b"), "b");
    const known = new Set<string>();
    await sendFiles(store, { files: [other], folder: here, known });
    expect([...known]).toEqual([other.sha256]);
    expect(new TextDecoder().decode(await readBlob(store, other.sha256))).toBe("b");

    const damaged = sha256Hex("as it was");
    await store.write(blobKey(damaged), text("as it is"));
    const fetching = fetchFiles(store, { files: [{ path: "c", sha256: damaged }], folder: here });
    await expect(fetching).rejects.toEqual(
      refusal("CHECKSUM_MISMATCH", "not as it was written and was removed"),
    );
    await expect(readBlob(store, damaged)).rejects.toEqual(
      refusal("STORE_FAILED", "is missing; run the build again"),
    );
  });

  it("writes no file outside the folder of a job", async () => {
    const store = await open("outside");
    const sha256 = await writeBlob(store, text("x"));
    for (const path of ["../x", "/etc/x", "a//b", "C:\\x", "a/../../x"])
      await expect(fetchFiles(store, { files: [{ path, sha256 }], folder })).rejects.toEqual(
        refusal("PROTOCOL_INVALID", "expected a path inside its folder"),
      );
  });
});

describe("openStore", () => {
  it("refuses a server that overwrites, and what is no place", async () => {
    const careless = await startS3Server({ overwrites: true });
    await expect(openStore("s3://bucket", { env: careless.env })).rejects.toEqual(
      refusal("STORE_FAILED", "expected a server that refuses to overwrite"),
    );
    await careless.close();
    for (const where of ["s3://", "gs://bucket/x"])
      await expect(openStore(where, { env: {} })).rejects.toEqual(
        refusal("INVALID_ARGUMENT", "--store: expected"),
      );
    await writeFile(join(folder, "file"), "");
    await expect(openStore(join(folder, "file", "below"), { env: {} })).rejects.toEqual(
      refusal("STORE_FAILED", "the store cannot be used"),
    );
  });
});
