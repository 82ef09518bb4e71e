import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("ARCHITECTURE.md", () => {
  const listed = new Set(
    [...readFileSync(`${root}/ARCHITECTURE.md`, "utf8").matchAll(/^- `([^`]+)`/gm)].map((match) => match[1]!),
  );
  const tracked = execFileSync(
    "git",
    ["ls-files", "packages/*/src/*", "scripts/*", "test-support/*", "configs/*"],
    {
      cwd: root,
      encoding: "utf8",
    },
  )
    .split("\n")
    .filter((file) => file !== "" && !file.includes("/test/"));

  it("has a line for every source file", () => {
    expect(tracked.filter((file) => !listed.has(file))).toEqual([]);
  });

  it("names no file that is gone", () => {
    const files = new Set(tracked);
    expect([...listed].filter((file) => !files.has(file))).toEqual([]);
  });
});
