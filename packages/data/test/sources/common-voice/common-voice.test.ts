import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { createSource } from "@callsign/data/internal";

import { describeLayout, type LayoutCase } from "../support/common-voice-layout.ts";
import {
  type MadeClip,
  makeClips,
  mozillaArchive,
  mozillaFiles,
  parquetRepository,
  tarRepository,
} from "../support/corpora.ts";
import { idsOf, Place, readAll } from "../support/place.ts";

let made: MadeClip[];
let place: Place;
beforeAll(async () => {
  made = await makeClips();
});
beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.close());

const layout = (name: string, open: LayoutCase["open"]): void =>
  describeLayout({ name, made: () => made, place: () => place, open });

const openFolder: LayoutCase["open"] = async (config) => place.onDisk(mozillaFiles(made), config);

const openArchive: LayoutCase["open"] = async (config) => {
  const path = join(place.folder, "cv-corpus-17.0-2024-03-15-en.tar.gz");
  await writeFile(path, await mozillaArchive(made));
  return createSource({ kind: "common-voice", path, minSeconds: 0.4, maxSeconds: 1, ...config });
};

layout("Mozilla's folder", openFolder);
layout("Mozilla's tar.gz", openArchive);

describe("common-voice on disk", () => {
  it("draws the same clips out of a folder and a tar.gz", async () => {
    const config = { count: 7, seed: "s" };
    const folder = idsOf(await readAll(await openFolder(config)));
    expect(idsOf(await readAll(await openArchive(config)))).toEqual(folder);
  });

  it.each(["parquet", "tar"])("reads a copy of a hub's repository: %s", async (kind) => {
    const files = kind === "parquet" ? parquetRepository(made) : await tarRepository(made);
    const clips = await readAll(await place.onDisk(files));
    expect(idsOf(clips)).toEqual(
      made
        .filter(({ seconds }) => seconds > 0.4)
        .map(({ path }) => path)
        .toSorted(),
    );
  });
});
