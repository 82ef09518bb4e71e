import type { FileHandle } from "node:fs/promises";

import {
  parseSafetensorsHeader,
  type SafetensorsHeader,
  safetensorsHeaderEnd,
  type TensorEntry,
} from "./safetensors-header.ts";

/** Bytes in which the header and the windows of a shard of ten minutes end. */
const HEAD_BYTES = 32_768;

/**
 * Header of a safetensors file, read without its tensors.
 * @param name file, for messages
 * @returns `head`: the first bytes of the file, at least the header
 * @throws CallsignError `SAFETENSORS_INVALID`
 */
export async function readSafetensorsHeader(
  handle: FileHandle,
  name: string,
): Promise<{ readonly header: SafetensorsHeader; readonly head: Uint8Array }> {
  const { size: fileLength } = await handle.stat();
  let head = await readAt(handle, { begin: 0, end: Math.min(HEAD_BYTES, fileLength) });
  const end = safetensorsHeaderEnd(head, { name, fileLength });
  if (end > head.length) head = await readAt(handle, { begin: 0, end });
  return { header: parseSafetensorsHeader(head, { name, fileLength }), head };
}

/** The bytes from `begin` up to `end`, fewer at the end of the file. */
export async function readAt(
  handle: FileHandle,
  { begin, end }: Pick<TensorEntry, "begin" | "end">,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, begin);
  return bytes.subarray(0, bytesRead);
}
