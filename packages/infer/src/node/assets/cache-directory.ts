import { homedir } from "node:os";
import { join } from "node:path";

export interface CacheDirectoryOptions {
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default `process.platform`. */
  readonly platform?: NodeJS.Platform;
  /** Default the user's home. */
  readonly home?: string;
}

/**
 * Where downloads are kept: `callsign` under XDG_CACHE_HOME where that is set, else under the platform's place for
 * caches: `~/.cache`, macOS `~/Library/Caches`, Windows LOCALAPPDATA.
 */
export function cacheDirectory(options: CacheDirectoryOptions = {}): string {
  const { env = process.env, platform = process.platform, home = homedir() } = options;
  // The specification: a relative XDG path is to be ignored, an empty one counts as unset.
  if (env.XDG_CACHE_HOME?.startsWith("/")) return join(env.XDG_CACHE_HOME, "callsign");
  if (platform === "darwin") return join(home, "Library", "Caches", "callsign");
  if (platform === "win32")
    return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), "callsign", "Cache");
  return join(home, ".cache", "callsign");
}
