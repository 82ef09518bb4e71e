import { mkdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Lock on a file that this process is making. */
export interface FileClaim {
  release(): Promise<void>;
}

/**
 * Locks a file that is to be made, so that trainings that run at the same time share lessons: one makes the file, the others
 * wait. A lock left behind by a killed process expires after five minutes; its process renews it every minute.
 * @param options.unless returns true once the file exists; polled while waiting
 * @returns undefined once the file exists
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
    if (isOurs) return holdClaim(claim);
    const found = await stat(claim).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_MS) await rm(claim, { force: true });
    await sleep(WAIT_MS);
    if (await unless()) return undefined;
  }
}

function holdClaim(claim: string): FileClaim {
  const renewal = setInterval(() => {
    const now = new Date();
    // The claim may have been released meanwhile.
    utimes(claim, now, now).catch(() => undefined);
  }, RENEWAL_MS).unref();
  return {
    async release() {
      clearInterval(renewal);
      await rm(claim, { force: true });
    },
  };
}

const RENEWAL_MS = 60_000;
const WAIT_MS = 250;
const STALE_MS = 5 * 60_000;
