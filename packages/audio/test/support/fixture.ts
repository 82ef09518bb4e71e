import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Path of a file in `test/fixtures/audio`; its `make.sh` says where it comes from. */
export const fixturePath = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/audio/${name}`, import.meta.url));

export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(fixturePath(name)));
