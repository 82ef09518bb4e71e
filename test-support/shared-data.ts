import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("../../shared/", import.meta.url));

/** True where the real data lies beside the repository. Tests that need it: `describe.skipIf(!hasSharedData)`. */
export const hasSharedData = existsSync(join(root, "challenge", "challenge.wav"));

/** Path of a file in the data beside the repository. */
export const sharedPath = (...parts: string[]): string => join(root, ...parts);
