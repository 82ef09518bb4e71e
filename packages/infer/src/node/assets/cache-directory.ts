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
 * Cache folder of downloads: `callsign` under XDG_CACHE_HOME if set, or under the platform's cache folder (`~/.cache`, macOS
 * `~/Library/Caches`, Windows LOCALAPPDATA).
 */
export function cacheDirectory(options: CacheDirectoryOptions = {}): string {
  const { env = process.env, platform = process.platform, home = homedir() } = options;
  // XDG Base Directory Specification: a relative path is ignored, an empty one counts as unset.
  if (env.XDG_CACHE_HOME?.startsWith("/")) return join(env.XDG_CACHE_HOME, "callsign");
  if (platform === "darwin") return join(home, "Library", "Caches", "callsign");
  if (platform === "win32")
    return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), "callsign", "Cache");
  return join(home, ".cache", "callsign");
}
