/** A file of a corpus, wherever it lies. */
export interface CorpusFile {
  /** From the corpus's root, forward slashes. */
  readonly path: string;
  readonly size: number;
}

/** File that is read in ranges, as hyparquet expects it. */
export interface RangeReader {
  readonly byteLength: number;
  /** The bytes from `start` up to `end`, exactly. @throws CallsignError when they cannot be had */
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** A tree of corpus files: a repository on a hub, or a folder. */
export interface CorpusFiles {
  /** For messages, such as `fixie-ai/common_voice_17_0`. */
  readonly name: string;
  /** Commit that fixes the content, for provenance; empty for a folder. */
  readonly revision: string;
  /** The files in a folder and the folders in it, in the order of their paths; none where there is no such folder. */
  list(folder: string): Promise<CorpusFile[]>;
  /** Opens a file for reading in ranges. */
  openRanges(file: CorpusFile): Promise<RangeReader>;
  /** Path of the whole file on this machine, downloaded first if need be. */
  fetchWhole(file: CorpusFile): Promise<string>;
  /** Where the bytes from `start` up to `end` lie on this machine, downloaded first if need be. */
  fetchRange(file: CorpusFile, range: ByteRange): Promise<BytePlace>;
}

/** The bytes of a file from `start` up to `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A byte of a file on this machine. */
export interface BytePlace {
  readonly path: string;
  readonly byte: number;
}

/** Order of paths, alike on every platform. */
export const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
