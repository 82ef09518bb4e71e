import { describe, expect, it } from "vitest";
import { cacheDirectory } from "@callsign/infer/node/internal";

describe("cacheDirectory", () => {
  it.each([
    ["linux", {}, "/home/me/.cache/callsign"],
    ["linux", { XDG_CACHE_HOME: "/fast" }, "/fast/callsign"],
    ["linux", { XDG_CACHE_HOME: "" }, "/home/me/.cache/callsign"],
    ["linux", { XDG_CACHE_HOME: "relative" }, "/home/me/.cache/callsign"],
    ["darwin", {}, "/home/me/Library/Caches/callsign"],
    ["win32", { LOCALAPPDATA: "/local" }, "/local/callsign/Cache"],
    ["win32", {}, "/home/me/AppData/Local/callsign/Cache"],
  ] as const)("%s %j: %s", (platform, env, expected) => {
    expect(cacheDirectory({ platform, env, home: "/home/me" })).toBe(expected);
  });
});
