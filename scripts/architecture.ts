// `npm run architecture`: brings ARCHITECTURE.md up to date with the files there are. A line that is there stays as it is
// written; a new file gets the first sentence of its first docstring or leading comment; a file that is gone loses its line.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = `${root}ARCHITECTURE.md`;
const [preamble = ""] = readFileSync(path, "utf8").split(/^## /m);
const lines = new Map(
  [...readFileSync(path, "utf8").matchAll(/^- `([^`]+)`: .*$/gm)].map((match) => [match[1]!, match[0]]),
);

const patterns = ["packages/*/src/*", "scripts/*", "test-support/*", "configs/*"];
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", ...patterns], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && !file.includes("/test/"));

const sections = new Map<string, string[]>();
for (const file of files.toSorted()) {
  const [top = "", name = ""] = file.split("/");
  const section = top === "packages" ? `${top}/${name}` : top;
  const line = lines.get(file) ?? `- \`${file}\`: ${describe(file)}`;
  sections.set(section, [...(sections.get(section) ?? []), line]);
}
const order = ["infer", "data", "eval", "train", "cli"].map((name) => `packages/${name}`);
const names = [...order, ...[...sections.keys()].filter((name) => !order.includes(name))];
const body = names.map((name) => `## ${name}\n\n${(sections.get(name) ?? []).join("\n")}\n`);
writeFileSync(path, `${preamble.trimEnd()}\n\n${body.join("\n")}`);

function describe(file: string): string {
  const text = readFileSync(`${root}${file}`, "utf8");
  const comment = /\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? /^(?:(?:\/\/|#).*\n)+/m.exec(text)?.[0] ?? "";
  const words = comment
    .replaceAll(/^\s*(?:\*|\/\/|#) ?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  const sentence = /^.*?[.:;](?= |$)/.exec(words)?.[0] ?? words;
  if (sentence === "") console.error(`${file}: no docstring to describe it by; write its line yourself`);
  return sentence.replace(/[.:;]$/, "");
}
