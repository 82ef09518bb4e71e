import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { type ClipFault, createSource } from "@callsign/data/internal";

import {
  type MadeClip,
  makeClips,
  mozillaArchive,
  mozillaFiles,
  parquetRepository,
  parquetShard,
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

describe("common-voice, broken data", () => {
  const withClip = (index: number, change: Partial<MadeClip>): MadeClip[] =>
    made.map((clip, i) => (i === index ? { ...clip, ...change } : clip));

  const corrupt = (mp3: Uint8Array): Uint8Array => new Uint8Array(mp3.length);

  it.each(["parquet", "tar", "folder"])(
    "counts and names a corrupt mp3, and refuses above the stated share: %s",
    async (layout) => {
      const broken = withClip(3, { mp3: corrupt(made[3]!.mp3) });
      const files = { parquet: parquetRepository, tar: tarRepository, folder: mozillaFiles }[layout]!(broken);
      const faults: ClipFault[] = [];
      const clips = await readAll(await place.onDisk(await files, { mostFaultShare: 0.1 }), faults);
      expect(idsOf(clips)).not.toContain(made[3]!.path);
      expect(clips).toHaveLength(13);
      expect(faults).toHaveLength(1);
      expect(faults[0]!.place).toMatch(/en\/train\/0000\.parquet row 3$|train\.tsv:5$/);
      expect(faults[0]!.error.code).toMatch(/^AUDIO_/);
      const refused = await place.failure(await place.onDisk(new Map(), { mostFaultShare: 0.01 }));
      expect(refused.code).toBe("TOO_MANY_FAULTS");
      expect(refused.message).toMatch(
        /1 of 1[46] clips are broken \([67].* %\); at most 1 % are allowed; repair or remove them, .*mostFaultShare:\n {2}\S+( row 3|tsv:5): /,
      );
    },
  );

  it("counts a clip the table names and nobody has", async () => {
    const files = mozillaFiles(made);
    files.delete("cv-corpus-17.0-2024-03-15/en/clips/common_voice_en_1004.mp3");
    const faults: ClipFault[] = [];
    expect(await readAll(await place.onDisk(files, { mostFaultShare: 0.1 }), faults)).toHaveLength(13);
    expect(String(faults[0]!.error)).toMatch(/train\.tsv:6: cannot read .*common_voice_en_1004\.mp3/);

    const path = join(place.folder, "a.tar.gz");
    const held = made.filter((_, i) => i !== 4);
    await writeFile(path, await mozillaArchive(held, { table: made }));
    const source = createSource({ kind: "common-voice", path, minSeconds: 0.4, mostFaultShare: 0.1 });
    expect(await readAll(source, faults)).toHaveLength(13);
    expect(String(faults[1]!.error)).toMatch(
      /train\.tsv:6: common_voice_en_1004\.mp3 is not in .*a\.tar\.gz/,
    );
  });

  it("refuses a parquet cut short or damaged, by name and place", async () => {
    const whole = parquetRepository(made).get("en/train/0000.parquet")!;
    const cut = async (bytes: Uint8Array): Promise<{ code: string; message: string }> => {
      await rm(place.folder, { recursive: true, force: true });
      return place.failure(await place.onDisk(new Map([["en/train/0000.parquet", bytes]])));
    };
    for (const length of [0, 3, 11, 500, whole.length >> 1, whole.length - 1]) {
      const refused = await cut(whole.subarray(0, length));
      expect(refused.code).toBe("PARQUET_INVALID");
      expect(refused.message).toMatch(/en\/train\/0000\.parquet: footer: /);
    }
    const hole = Uint8Array.from(whole).fill(0, 4, whole.length >> 1);
    expect(await cut(hole)).toMatchObject({
      code: "PARQUET_INVALID",
      message: expect.stringMatching(/rows \d+-\d+, columns/) as string,
    });
    expect(await cut(parquetShard(made, { without: "sentence" }))).toMatchObject({
      code: "PARQUET_INVALID",
      message: expect.stringContaining("column sentence is missing; it has client_id") as string,
    });
  });

  it("refuses a tar.gz cut short", async () => {
    const path = join(place.folder, "cut.tar.gz");
    const whole = await mozillaArchive(made);
    for (const length of [200, whole.length >> 1, whole.length - 9]) {
      await writeFile(path, whole.subarray(0, length));
      const refused = await place.failure(createSource({ kind: "common-voice", path }));
      expect(refused.code).toBe("ARCHIVE_INVALID");
      expect(refused.message).toMatch(/cut\.tar\.gz: expected a whole tar\.gz archive; broken (at|after) /);
    }
  });
});
