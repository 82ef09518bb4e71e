import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { shippedFiles } from "../derive-graphs.ts";

it("the shipped graphs are those that the script makes now, to the byte", async () => {
  const files = await shippedFiles();
  expect(files.size).toBe(5);
  for (const [path, bytes] of files) {
    const shipped = await readFile(fileURLToPath(new URL(`../../packages/infer/${path}`, import.meta.url)));
    // After a change of the graphs: raise FRONTEND_GRAPHS_VERSION and run `npm run derive-graphs`.
    expect(shipped.equals(bytes), path).toBe(true);
  }
});
