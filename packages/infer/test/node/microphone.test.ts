import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { openMicrophone } from "@callsign/infer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** Stands for arecord: records 100 ms, and then the device is gone. */
const program = (complaint: string): string => `#!/bin/sh
case "$1" in
  --version) exit 0 ;;
  -L) echo default; exit 0 ;;
esac
head -c 3200 /dev/zero
echo "${complaint}" >&2
exit 1
`;

describe.skipIf(process.platform === "win32")("a microphone that goes away while it is heard", () => {
  const path = process.env.PATH;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-microphone-"));
    process.env.PATH = `${folder}${delimiter}${path}`;
  });
  afterEach(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ["arecord: pcm_read:2221: read error: No such device", /it was unplugged; plug it in.*No such device/],
    ["arecord: main:850: audio open error: Device or resource busy", /another program is recording/],
    ["", /may have been unplugged/],
  ])("is heard to its end, and then it is said: %s", async (complaint, message) => {
    await writeFile(join(folder, "arecord"), program(complaint));
    await chmod(join(folder, "arecord"), 0o755);
    const { signal } = new AbortController();
    const { chunks } = await openMicrophone({ through: "arecord", signal });
    let samples = 0;
    const listen = async (): Promise<void> => {
      for await (const chunk of chunks) samples += chunk.length;
    };
    await expect(listen()).rejects.toMatchObject({
      code: "MICROPHONE_FAILED",
      message: expect.stringMatching(message) as string,
    });
    expect(samples).toBe(1600);
  });
});
