import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");

describe("ARCHITECTURE.md", () => {
  const folders = foldersOfTable();

  it("names folders that exist", () => {
    const missing = folders.flatMap(({ named, within }) => {
      const known = (folder: string): boolean => named.some((one) => existsSync(join(root, one, folder)));
      return [...named.filter((one) => !existsSync(join(root, one))), ...within.filter((one) => !known(one))];
    });
    expect(missing).toEqual([]);
  });

  it("names every folder of every package's src", () => {
    const named = new Set(folders.flatMap((row) => row.named));
    // @callsign/words has models and no code.
    const packages = readdirSync(join(root, "packages")).filter((name) =>
      existsSync(join(root, "packages", name, "src")),
    );
    const all = packages.flatMap((name) =>
      readdirSync(join(root, "packages", name, "src"), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `packages/${name}/src/${entry.name}`),
    );
    expect(all.filter((folder) => !named.has(folder))).toEqual([]);
  });

  it("names files that exist, and folders of files to add", () => {
    const files = [...text.matchAll(/`([\w<>./-]+\.ts)`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(40);
    const missing = files.filter((file) => {
      const path = join(root, /^(?:scripts|experiments)\//.test(file) ? "" : "packages", file);
      return !existsSync(path.includes("<name>") ? dirname(path) : path);
    });
    expect(missing).toEqual([]);
  });

  it("has at most 150 lines", () => {
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(150);
  });
});

/** Rows of the table of folders: the folders named, and the names of folders `within/` them. */
function foldersOfTable(): { readonly named: string[]; readonly within: string[] }[] {
  const rows = [...text.matchAll(/^\| *(\w*) *\| *((?:`[\w-]+`(?:, )?)+) *\|(.*)\|$/gm)];
  let packageName = "";
  return rows.map(([, name, cell, holds]) => {
    packageName = name || packageName;
    const named = [...cell!.matchAll(/`([^`]+)`/g)].map(([, one]) => `packages/${packageName}/src/${one}`);
    return { named, within: [...holds!.matchAll(/`([\w-]+)\/`/g)].map(([, one]) => one!) };
  });
}
