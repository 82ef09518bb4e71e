import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

import { parquetWriteBuffer } from "hyparquet-writer";
import { packTar } from "modern-tar";

import { sineMp3 } from "./mp3.ts";

/** A recording of the made-up corpus. Its tone says which it is. */
export interface MadeClip {
  readonly path: string;
  readonly client_id: string;
  readonly sentence: string;
  readonly locale: string;
  readonly seconds: number;
  readonly hertz: number;
  readonly mp3: Uint8Array;
}

/**
 * A corpus of 16 clips by four speakers, four each: tones of 300, 320, ... Hz, 0.6 s, but one in eight has 0.2 s; one in
 * five says "Hey, Computer".
 */
export const makeClips = (): Promise<MadeClip[]> => (made ??= encodeClips());

let made: Promise<MadeClip[]> | undefined;

async function encodeClips(): Promise<MadeClip[]> {
  const clips: MadeClip[] = [];
  for (let i = 0; i < 16; i++) {
    const seconds = i % 8 === 7 ? 0.2 : 0.6;
    const hertz = 300 + 20 * i;
    clips.push({
      path: `common_voice_en_${1000 + i}.mp3`,
      client_id: `client${i % 4}`,
      sentence: i % 5 === 4 ? `They said: "Hey, Computer!" ${i}` : `Sentence number ${i}.`,
      locale: "en",
      seconds,
      hertz,
      mp3: await sineMp3({ hertz, seconds }),
    });
  }
  return clips;
}

/** A shard in the style of fixie-ai/common_voice_17_0: struct audio { bytes, path }. */
export function parquetShard(clips: readonly MadeClip[], options: ShardOptions = {}): Uint8Array {
  const { rowGroupSize = 4, pageSize = 2000, offsetIndex = true, without } = options;
  const texts = (["client_id", "path", "sentence", "locale"] as const).filter((name) => name !== without);
  const text = (name: string) =>
    ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }) as const;
  const buffer = parquetWriteBuffer({
    schema: [
      { name: "schema", num_children: texts.length + 1 },
      ...texts.map(text),
      { name: "audio", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      text("path"),
    ],
    columnData: [
      ...texts.map((name) => ({ name, data: clips.map((clip) => clip[name]), offsetIndex })),
      { name: "audio", data: clips.map(({ mp3, path }) => ({ bytes: mp3, path })), offsetIndex },
    ],
    rowGroupSize,
    pageSize,
  });
  return new Uint8Array(buffer);
}

interface ShardOptions {
  readonly rowGroupSize?: number;
  readonly pageSize?: number;
  /** Without it only whole row groups can be read. */
  readonly offsetIndex?: boolean;
  /** A column to leave out. */
  readonly without?: string;
}

/** A transcript as Mozilla writes it. */
function transcript(clips: readonly MadeClip[]): string {
  const header = "client_id\tpath\tsentence\tup_votes\tlocale";
  const lines = clips.map(({ client_id, path, sentence, locale }) =>
    [client_id, path, sentence, 2, locale].join("\t"),
  );
  return [header, ...lines, ""].join("\n");
}

/** `clip_durations.tsv`. */
const durationTable = (clips: readonly MadeClip[]): string =>
  ["clip\tduration[ms]", ...clips.map(({ path, seconds }) => `${path}\t${seconds * 1000}`), ""].join("\n");

/** A tar of files, the same whenever it is made: one revision of a repository has one content. */
const tarOfFiles = (files: readonly (readonly [string, Uint8Array])[]): Promise<Uint8Array> =>
  packTar(files.map(([name, body]) => ({ header: { name, size: body.length, mtime: new Date(0) }, body })));

/** A tar of the clips under one folder. */
const tarOf = (clips: readonly MadeClip[], folder: string): Promise<Uint8Array> =>
  tarOfFiles(clips.map(({ path, mp3 }) => [`${folder}/${path}`, mp3] as const));

/** A repository of parquet shards. */
export function parquetRepository(
  clips: readonly MadeClip[],
  options?: ShardOptions,
): Map<string, Uint8Array> {
  return new Map([
    ["README.md", Buffer.from("# corpus")],
    ["en/train/0000.parquet", parquetShard(clips.slice(0, 8), options)],
    ["en/train/0001.parquet", parquetShard(clips.slice(8), options)],
    ["en/test/0000.parquet", parquetShard(clips.slice(0, 2), options)],
  ]);
}

/** A repository of tar archives with a table beside them. */
export async function tarRepository(clips: readonly MadeClip[]): Promise<Map<string, Uint8Array>> {
  return new Map([
    ["README.md", Buffer.from("# corpus")],
    ["audio/en/train/en_train_0.tar", await tarOf(clips.slice(0, 8), "en_train_0")],
    ["audio/en/train/en_train_1.tar", await tarOf(clips.slice(8), "en_train_1")],
    ["transcript/en/train.tsv", Buffer.from(transcript(clips))],
    ["transcript/en/test.tsv", Buffer.from(transcript(clips.slice(0, 2)))],
  ]);
}

/** What Mozilla ships, as files. */
export function mozillaFiles(
  clips: readonly MadeClip[],
  { table = clips }: { readonly table?: readonly MadeClip[] } = {},
): Map<string, Uint8Array> {
  const root = "cv-corpus-17.0-2024-03-15/en";
  return new Map<string, Uint8Array>([
    [`${root}/clip_durations.tsv`, Buffer.from(durationTable(table))],
    ...clips.map(({ path, mp3 }) => [`${root}/clips/${path}`, mp3] as const),
    [`${root}/train.tsv`, Buffer.from(transcript(table))],
  ]);
}

/** The same as one tar.gz. */
export async function mozillaArchive(
  clips: readonly MadeClip[],
  options: { readonly table?: readonly MadeClip[] } = {},
): Promise<Uint8Array> {
  return gzipSync(await tarOfFiles([...mozillaFiles(clips, options)]));
}

/** Puts files into a folder. */
export async function writeTree(root: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
}
