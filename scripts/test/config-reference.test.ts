import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { configReference } from "../describe-config.ts";

describe("docs/config-reference.md", () => {
  const path = fileURLToPath(new URL("../../docs/config-reference.md", import.meta.url));

  it("is what the schemas say; if not: npm run config-reference", () => {
    expect(readFileSync(path, "utf8")).toBe(configReference());
  });

  it("names fields of every section", () => {
    for (const field of ["labels[].phrases", "data.noise", "train.loss.labelSmoothing", "lessons.hours"])
      expect(configReference()).toContain(`- \`${field}\` (`);
  });
});
