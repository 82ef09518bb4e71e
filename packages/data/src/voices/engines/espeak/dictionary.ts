import { CallsignError } from "@callsign/audio/internal";

/** Folder of espeak-ng's data in the package's file system. */
const DATA = "/usr/share/espeak-ng-data";

/** Files of the package, as Emscripten gives them. */
export interface DataFiles {
  readFile(path: string): Uint8Array;
  writeFile(path: string, data: Uint8Array): void;
}

/**
 * Adds pronunciations before the entries of espeak-ng's English dictionary. The package does not read phonemes in text
 * (`[[...]]`), so they are written into the compiled dictionary, which is read again whenever a voice is set.
 * Formats: compiledict.c, dictionary.c and synthdata.c of espeak-ng 1.52.
 */
export interface EspeakDictionary {
  /** Sets words (letters a to z and apostrophes) and their phoneme names, separated by spaces; they replace those of the last call. */
  set(words: Readonly<Record<string, string>>): void;
}

export function openDictionary(files: DataFiles): EspeakDictionary {
  const path = `${DATA}/en_dict`;
  const original = files.readFile(path).slice();
  let codes: ReadonlyMap<string, number> | undefined;
  let written = "";
  return {
    set(words) {
      const key = JSON.stringify(words);
      if (key === (written || "{}")) return;
      codes ??= phonemeCodes(files.readFile(`${DATA}/phontab`), "en");
      files.writeFile(path, withEntries(original, words, codes));
      written = key;
    },
  };
}

/** Number of hash chains (N_HASH_DICT). */
const CHAINS = 1024;

/** The dictionary with added entries. A chain has entries, each beginning with its length, and ends with a zero. */
function withEntries(
  original: Uint8Array,
  words: Readonly<Record<string, string>>,
  codes: ReadonlyMap<string, number>,
): Uint8Array {
  const added = new Map<number, number[]>();
  for (const [word, phonemes] of Object.entries(words)) {
    const name = packed(word);
    const chain = chainOf(word, name.bytes);
    const sound = phonemes.split(" ").map((phoneme) => codeOf(phoneme, codes));
    const entry = [name.length, ...name.bytes, ...sound, 0];
    added.set(chain, [...(added.get(chain) ?? []), entry.length + 1, ...entry]);
  }
  const view = new DataView(original.buffer, original.byteOffset);
  const parts: Uint8Array[] = [];
  let at = 8;
  for (let chain = 0; chain < CHAINS; chain++) {
    const start = at;
    while (original[at] !== 0) at += original[at]!;
    at++;
    parts.push(Uint8Array.from(added.get(chain) ?? []), original.subarray(start, at));
  }
  const extra = parts.reduce((sum, part) => sum + part.length, 8) - at;
  // The rules that follow are read four bytes at a time in places.
  const padding = (4 - (extra % 4)) % 4;
  const rules = view.getUint32(4, true);
  parts.push(original.subarray(at, rules), new Uint8Array(padding), original.subarray(rules));
  const result = new Uint8Array(original.length + extra + padding);
  result.set(original.subarray(0, 8));
  new DataView(result.buffer).setUint32(4, rules + extra + padding, true);
  let to = 8;
  for (const part of parts) {
    result.set(part, to);
    to += part.length;
  }
  return result;
}

/** Packs letters into six bits each, as TransposeAlphabet does; a word with an apostrophe is not packed. */
function packed(word: string): { length: number; bytes: number[] } {
  const letters = Array.from(word, (letter) => letter.charCodeAt(0) - 0x60);
  if (letters.some((code) => code < 1))
    return { length: word.length, bytes: [...Buffer.from(word, "latin1")] };
  const bytes: number[] = [];
  let [bits, waiting] = [0, 0];
  for (const letter of letters) {
    bits = ((bits << 6) | (letter & 0x3f)) & 0xffff;
    waiting += 6;
    if (waiting < 8) continue;
    waiting -= 8;
    bytes.push((bits >> waiting) & 0xff);
  }
  if (waiting > 0) bytes.push((bits << (8 - waiting)) & 0xff);
  return { length: bytes.length | 0x40, bytes };
}

/** HashDictionary of dictionary.c; it reads the packed letters, then the bytes of the word after them. */
function chainOf(word: string, packedBytes: readonly number[]): number {
  let hash = 0;
  let count = 0;
  for (const byte of [...packedBytes, ...Buffer.from(word.slice(packedBytes.length), "latin1")]) {
    if (byte === 0) break;
    hash = hash * 8 + byte;
    hash = (hash & 0x3ff) ^ (hash >> 8);
    count++;
  }
  return (hash + count) & 0x3ff;
}

/** Codes of a phoneme table and of those it is based on, by name. */
function phonemeCodes(phontab: Uint8Array, table: string): ReadonlyMap<string, number> {
  const tables: { name: string; based: number; phonemes: [string, number][] }[] = [];
  let at = 4;
  for (let i = 0; i < phontab[0]!; i++) {
    const [count, based] = [phontab[at]!, phontab[at + 1]!];
    const name = text(phontab.subarray(at + 4, at + 36));
    at += 36;
    const phonemes: [string, number][] = [];
    for (let phoneme = 0; phoneme < count; phoneme++, at += 16)
      phonemes.push([text(phontab.subarray(at, at + 4)), phontab[at + 10]!]);
    tables.push({ name, based, phonemes });
  }
  const codes = new Map<string, number>();
  const add = (index: number): void => {
    const found = tables[index];
    if (found === undefined) return;
    if (found.based > 0) add(found.based - 1);
    for (const [name, code] of found.phonemes) codes.set(name, code);
  };
  add(tables.findIndex(({ name }) => name === table));
  return codes;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1").replace(/\0.*$/, "");

function codeOf(phoneme: string, codes: ReadonlyMap<string, number>): number {
  const code = codes.get(phoneme);
  if (code !== undefined) return code;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `espeak: expected one of espeak-ng's English phonemes, got ${phoneme}`,
  );
}
