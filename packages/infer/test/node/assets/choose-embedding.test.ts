import { readFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CALLSIGN_EMBEDDING,
  chooseEmbedding,
  knownEmbedding,
  locateAsset,
  sha256File,
  SPEECH_EMBEDDING,
} from "@callsign/infer/node/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-embedding-"));
});
afterEach(() => rm(folder, { recursive: true }));

const unreachable = (): Promise<Response> => Promise.reject(new TypeError("no network"));

describe("the embedding carried in the package", () => {
  it("is there, whole, with a card that tells its content", async () => {
    const located = await locateAsset(CALLSIGN_EMBEDDING, { env: {}, cacheDir: folder });
    expect(located?.origin).toBe("package");
    const card = JSON.parse(await readFile(located!.path.replace(/onnx$/, "json"), "utf8"));
    expect(card).toMatchObject({
      sha256: await sha256File(located!.path),
      bytes: CALLSIGN_EMBEDDING.bytes,
      teacher: { sha256: SPEECH_EMBEDDING.sha256 },
      licence: CALLSIGN_EMBEDDING.licence,
    });
  });

  it("takes at most 1.5 MB", () => {
    expect(CALLSIGN_EMBEDDING.bytes).toBeLessThanOrEqual(1_500_000);
  });
});

describe("chooseEmbedding", () => {
  it("takes a file by its path", async () => {
    const path = join(folder, "mine.onnx");
    await writeFile(path, "anything");
    expect(await chooseEmbedding(path)).toEqual({ path, sha256: await sha256File(path) });
    await expect(chooseEmbedding(join(folder, "gone.onnx"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining("cannot read the embedding"),
    });
  });

  it("falls back to the carried one where Google's cannot be fetched, and says so", async () => {
    const notes: string[] = [];
    const chosen = await chooseEmbedding("auto", {
      env: {},
      cacheDir: folder,
      fetch: unreachable,
      onNote: (note) => notes.push(note),
    });
    expect(chosen.sha256).toBe(CALLSIGN_EMBEDDING.sha256);
    expect(notes).toEqual([expect.stringContaining("callsign models pull google-speech-embedding")]);
  });

  it("never falls back where Google's was asked for by name", async () => {
    const asked = chooseEmbedding(SPEECH_EMBEDDING.id, {
      env: {},
      cacheDir: folder,
      fetch: unreachable,
      attempts: 1,
    });
    await expect(asked).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
  });

  it("does not hide a wrong file behind the fallback", async () => {
    await writeFile(join(folder, SPEECH_EMBEDDING.fileNames[0]), "not it");
    await expect(chooseEmbedding("auto", { env: {}, cacheDir: folder })).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
    });
  });
});

describe("knownEmbedding", () => {
  it("knows both by their content", () => {
    expect(knownEmbedding(SPEECH_EMBEDDING.sha256)?.id).toBe("google-speech-embedding");
    expect(knownEmbedding(CALLSIGN_EMBEDDING.sha256)?.id).toBe("callsign-embedding");
    expect(knownEmbedding("0".repeat(64))).toBeUndefined();
  });
});
