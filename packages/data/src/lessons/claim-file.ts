import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A file that this process alone is making. */
export interface FileClaim {
  release(): Promise<void>;
}

/**
 * Claims a file that is to be made, so that several trainings at once share the work on the same lessons: one makes it,
 * the others wait. A claim that was left behind by a kill counts for nothing after some minutes.
 * @param options.unless whether the file is there; asked while waiting
 * @returns undefined once the file is there
 */
export async function claimFile(
  path: string,
  { unless }: { readonly unless: () => Promise<boolean> },
): Promise<FileClaim | undefined> {
  const claim = `${path}.claim`;
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    const isOurs = await writeFile(claim, String(process.pid), { flag: "wx" }).then(
      () => true,
      () => false,
    );
    if (isOurs) return { release: () => rm(claim, { force: true }) };
    const found = await stat(claim).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_MS) await rm(claim, { force: true });
    await sleep(WAIT_MS);
    if (await unless()) return undefined;
  }
}

const WAIT_MS = 250;
const STALE_MS = 5 * 60_000;
