/**
 * `npx tsx --conditions=@callsign/source examples/browser/test/page-cost.ts MODEL EMBEDDING WAV`: milliseconds of computing
 * for a second of audio, in Node and in the page in a Chromium, for the same recording in the same pieces of a second, in
 * turn, five times each. Node finds the embedding by itself (CALLSIGN_ASSETS). Node's is the CPU time of the process, the page's the time its worker was busy.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readWav, SAMPLE_RATE_HZ } from "@callsign/infer";
import { loadDetector } from "@callsign/infer/node";
import { launch } from "puppeteer-core";
import { build } from "vite";
import { findChromium } from "./find-chromium.ts";
import { serveFolder } from "./serve-folder.ts";

const [model, embedding, wav] = process.argv.slice(2) as [string, string, string];
const ROUNDS = 5;
const folder = await mkdtemp(join(tmpdir(), "callsign-page-cost-"));
process.env["CALLSIGN_MODEL"] = model;
process.env["CALLSIGN_EMBEDDING"] = embedding;
await build({
  root: fileURLToPath(new URL("..", import.meta.url)),
  logLevel: "error",
  build: { outDir: folder, emptyOutDir: true },
});
const server = await serveFolder(folder);
const browser = await launch({ executablePath: findChromium()!, args: ["--no-sandbox"] });
const page = await browser.newPage();
await page.goto(server.url);
await page.waitForSelector("#listen:not([disabled])");
const { samples } = readWav(new Uint8Array(await readFile(wav)), { name: wav });
const seconds = samples.length / SAMPLE_RATE_HZ;
const detector = await loadDetector(model);

async function inNode(): Promise<number> {
  await detector.reset();
  const before = process.cpuUsage();
  for (let at = 0; at < samples.length; at += SAMPLE_RATE_HZ)
    await detector.push(samples.subarray(at, at + SAMPLE_RATE_HZ));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / seconds;
}

/** The page shows its mean over all it heard. */
let heard = 0;
let busyMs = 0;
async function inPage(): Promise<number> {
  const input = (await page.$("input[type=file]"))!;
  await input.uploadFile(wav);
  await page.waitForFunction("document.querySelector('#status').textContent.startsWith('Heard')");
  const mean = await page.$eval("#cost", (cost) => Number((cost as HTMLElement).dataset["msPerSecond"]));
  const before = busyMs;
  heard += seconds;
  busyMs = mean * heard;
  return (busyMs - before) / seconds;
}

for (let round = 1; round <= ROUNDS; round++) {
  const [node, web] = [await inNode(), await inPage()];
  console.log(`round ${round}: Node ${node.toFixed(1)} ms, page ${web.toFixed(1)} ms`);
}
await browser.close();
server.close();
await detector.dispose();
await rm(folder, { recursive: true });
