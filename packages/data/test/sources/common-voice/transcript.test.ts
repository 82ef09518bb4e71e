import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ClipFault } from "@callsign/data/internal";

import type { ClipRow } from "../../../src/sources/common-voice/clip-row.ts";
import { addDurations, readTranscript } from "../../../src/sources/common-voice/transcript.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-tsv-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(text: string | Uint8Array, faults?: ClipFault[]): Promise<ClipRow[]> {
  await writeFile(join(folder, "train.tsv"), text);
  const rows: ClipRow[] = [];
  const onFault = faults && ((fault: ClipFault) => faults.push(fault));
  for await (const row of readTranscript(join(folder, "train.tsv"), { onFault })) rows.push(row);
  return rows;
}

const HEADER = "client_id\tpath\tsentence\tlocale";
const sentences = async (...lines: string[]): Promise<string[]> =>
  (await read([HEADER, ...lines.map((line) => `s\tc.mp3\t${line}\ten`)].join("\n"))).map(
    ({ sentence }) => sentence,
  );

describe("readTranscript", () => {
  it("finds columns by name, in any order, with CRLF and a byte order mark", async () => {
    const rows = await read("\uFEFFsentence\tage\tpath\tclient_id\r\nHi there.\t\tclips/a.mp3\tme\r\n");
    expect(rows).toEqual([
      {
        clip: "a.mp3",
        speaker: "me",
        sentence: "Hi there.",
        locale: "",
        place: expect.stringMatching(/train\.tsv:2$/) as string,
      },
    ]);
  });

  it("adds the extension some releases leave out, and never keeps a path", async () => {
    const rows = await read(
      `${HEADER}\ns\tcommon_voice_1\tx\ten\ns\t../../etc/passwd.mp3\tx\ten\ns\t..\\..\\b.mp3\tx\ten\n`,
    );
    expect(rows.map(({ clip }) => clip)).toEqual(["common_voice_1.mp3", "passwd.mp3", "b.mp3"]);
  });

  it("takes quotation marks as text unless they quote the whole cell", async () => {
    expect(
      await sentences('"Oh," she said.', 'He said "no', '"', '"a" and "b"', '"""Hello"" there"', '"plain"'),
    ).toEqual(['"Oh," she said.', 'He said "no', '"', '"a" and "b"', '"Hello" there', "plain"]);
  });

  it("refuses a table without the columns it needs, saying what it has", async () => {
    await expect(read("client_id\tpath\ttext\na\tb\tc\n")).rejects.toMatchObject({
      code: "TABLE_INVALID",
      message: expect.stringMatching(
        /train\.tsv:1: column sentence is missing; .*got: client_id, path, text/,
      ) as string,
    });
    await expect(read("")).rejects.toThrow("got an empty file");
    await expect(read(Buffer.from("client_id\tpath\tsentence\n\xff\t\xfe\t\n", "latin1"))).rejects.toThrow(
      /train\.tsv:2: expected UTF-8/,
    );
  });

  it("reports lines with other columns and goes on, or throws the first", async () => {
    const text = `${HEADER}\na\tb.mp3\tfine\ten\nonly\ttwo\n\nc\td.mp3\tfine\ten\textra\ne\tf.mp3\tfine\ten\n`;
    const faults: ClipFault[] = [];
    expect((await read(text, faults)).map(({ speaker }) => speaker)).toEqual(["a", "e"]);
    expect(faults.map(({ error }) => error.message.replace(folder, ""))).toEqual([
      "/train.tsv:3: expected 4 columns, got 2",
      "/train.tsv:5: expected 4 columns, got 5",
    ]);
    await expect(read(text)).rejects.toThrow(/train\.tsv:3: expected 4 columns, got 2/);
  });
});

describe("addDurations", () => {
  it("adds what is known about the rows, in seconds", async () => {
    await writeFile(join(folder, "d.tsv"), "clip\tduration[ms]\na.mp3\t1500\nb.mp3\t\nother.mp3\t1\n");
    const row = (clip: string): ClipRow => ({ clip, speaker: "", sentence: "", locale: "", place: "" });
    const rows = await addDurations([row("a.mp3"), row("b.mp3")], { table: join(folder, "d.tsv") });
    expect(rows.map(({ durationSeconds }) => durationSeconds)).toEqual([1.5, undefined]);
  });
});
