/**
 * `npx tsx --conditions=@callsign/source scripts/make-conversation.ts [SEED]`: writes scripts/start/conversation.opus and
 * truth.json, the conversation of the first act of `npm start`, in voices that configs/words/computer.yaml keeps apart. Needs
 * ffmpeg with libopus, and Pico's voices (CALLSIGN_ASSETS, or downloaded).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCli } from "@callsign/cli";
import { conversationFiles } from "@callsign/eval/internal";
import { parse, stringify } from "yaml";
import { processContext } from "./process-context.ts";
import { ORDINARY_ROOM } from "./start/new-word.ts";

const [seed = "start"] = process.argv.slice(2);
const out = fileURLToPath(new URL("start/", import.meta.url));
const config = parse(
  readFileSync(fileURLToPath(new URL("../configs/words/computer.yaml", import.meta.url)), "utf8"),
) as { data: object };
const folder = mkdtempSync(join(tmpdir(), "callsign-conversation-"));
try {
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify({ ...config, data: { ...config.data, augmentation: ORDINARY_ROOM } }));
  const context = processContext(new AbortController().signal);
  const args = [
    "--config",
    file,
    "--out",
    folder,
    "--minutes",
    "4",
    "--command-share",
    "0.3",
    "--seed",
    seed,
  ];
  if ((await runCli(["eval", "conversation", ...args], context)) !== 0)
    throw new Error("eval conversation failed");
  const { clip, truth } = conversationFiles(folder);
  const encoder = [
    "-c:a",
    "libopus",
    "-b:a",
    "20k",
    "-application",
    "voip",
    "-map_metadata",
    "-1",
    "-fflags",
    "+bitexact",
  ];
  execFileSync("ffmpeg", [
    "-loglevel",
    "error",
    "-y",
    "-i",
    clip,
    ...encoder,
    join(out, "conversation.opus"),
  ]);
  writeFileSync(join(out, "truth.json"), readFileSync(truth));
} finally {
  rmSync(folder, { recursive: true });
}
