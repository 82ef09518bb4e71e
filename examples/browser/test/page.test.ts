import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "@callsign/data";
import { type Detection, writeWav } from "@callsign/infer";
import { CALLSIGN_EMBEDDING, loadDetector } from "@callsign/infer/node";
import { createArchitecture, exportModel, initialWeights } from "@callsign/train";
import { type Browser, launch, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./find-chromium.ts";
import { serveFolder } from "./serve-folder.ts";

const chromium = findChromium();
const example = fileURLToPath(new URL("..", import.meta.url));

/** Eight seconds of tones that come and go, or the first few. */
function recording(seconds = 8): Float32Array {
  return Float32Array.from({ length: seconds * 16_000 }, (_, i) => {
    const envelope = Math.max(0, Math.sin(i / 4000)) * 6000;
    return Math.round(envelope * (Math.sin(i * (0.05 + 0.03 * Math.sin(i / 9000))) + Math.sin(i * 0.21)));
  });
}

/** An untrained model; `threshold` is one that its own scores of the recording go above now and then. */
async function makeModel(outDir: string): Promise<void> {
  const architecture = createArchitecture({ name: "conv-attention" });
  const weights = initialWeights(architecture, createRandom(3));
  const make = (threshold: number): Promise<unknown> =>
    exportModel({
      architecture,
      weights,
      name: "untrained",
      labels: ["hello"],
      thresholds: { hello: threshold },
      embedding: { id: CALLSIGN_EMBEDDING.id, sha256: CALLSIGN_EMBEDDING.sha256 },
      outDir,
    });
  await make(0.5);
  const detector = await loadDetector(outDir);
  const scores = (await detector.push(recording())).map((step) => step.scores[0]!).toSorted((a, b) => b - a);
  await detector.dispose();
  // Between two scores, so that no rounding decides.
  await make((scores[20]! + scores[21]!) / 2);
}

async function heardByNode(model: string, samples: Float32Array): Promise<Detection[]> {
  const detector = await loadDetector(model);
  const steps = await detector.push(samples);
  await detector.dispose();
  return steps.flatMap(({ detections }) => detections);
}

/** What the page shows, oldest first. */
const heardByPage = (page: Page): Promise<Detection[]> =>
  page.$$eval("#heard li", (items) =>
    items
      .map(({ dataset }) => ({
        label: dataset["label"]!,
        score: Number(dataset["score"]),
        timestampMs: Number(dataset["ms"]),
      }))
      .toReversed(),
  );

describe.skipIf(chromium === undefined)("the example page in Chromium", { timeout: 120_000 }, () => {
  let folder: string;
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveFolder>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-page-"));
    await makeModel(join(folder, "model"));
    for (const [name, samples] of Object.entries({ "tones.wav": recording(), "short.wav": recording(3) }))
      await writeFile(join(folder, name), writeWav({ samples, sampleRateHz: 16_000 }));
    process.env["CALLSIGN_MODEL"] = join(folder, "model");
    const { build } = await import("vite");
    await build({
      root: example,
      logLevel: "error",
      build: { outDir: join(folder, "page"), emptyOutDir: true },
    });
    server = await serveFolder(join(folder, "page"));
    browser = await launchChromium();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const launchChromium = (...args: readonly string[]): Promise<Browser> =>
    launch({
      executablePath: chromium!,
      args: [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${join(folder, "tones.wav")}`,
        ...args,
      ],
    });

  async function openPage(query = "", { of = browser } = {}): Promise<Page> {
    const page = await of.newPage();
    await page.goto(server.url + query);
    await page.waitForSelector("#listen:not([disabled])", { timeout: 60_000 });
    return page;
  }

  async function expectToHear(
    page: Page,
    { file, seconds }: { file: string; seconds: number },
  ): Promise<void> {
    const input = (await page.$("input[type=file]"))!;
    await input.uploadFile(join(folder, file));
    await page.waitForFunction("document.querySelector('#status').textContent.startsWith('Heard')");
    const expected = await heardByNode(join(folder, "model"), recording(seconds));
    const heard = await heardByPage(page);
    expect(expected.length).toBeGreaterThan(1);
    expect(heard.map(({ label, timestampMs }) => [label, timestampMs])).toEqual(
      expected.map(({ label, timestampMs }) => [label, timestampMs]),
    );
    for (const [i, { score }] of heard.entries())
      expect(Math.abs(score - expected[i]!.score)).toBeLessThan(1e-3);
  }

  it("hears in a file what Node hears, with the same scores", async () => {
    const page = await openPage();
    await expectToHear(page, { file: "tones.wav", seconds: 8 });
    await page.close();
  });

  it("loads less than 15 MB, and as much as it says", async () => {
    server.sent.clear();
    const page = await openPage();
    const megabytes = [...server.sent.values()].reduce((sum, bytes) => sum + bytes, 0) / 1e6;
    expect([...server.sent.keys()].filter((path) => /wasm(\.gz)?$/.test(path))).toEqual(["/runtime.wasm.gz"]);
    expect(megabytes).toBeLessThan(15);
    const said = await page.$eval("#weight", ({ textContent }) => Number(/[\d.]+/.exec(textContent)![0]));
    expect(Math.abs(said - megabytes)).toBeLessThan(0.3);
    await page.close();
  });

  it("goes on without a GPU where one is asked for and none there", async () => {
    const page = await openPage("?gpu");
    await expectToHear(page, { file: "tones.wav", seconds: 8 });
    await page.close();
  });

  it("hears the same through WebGPU (Chromium's own, in software)", async ({ skip }) => {
    const other = await launchChromium(
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--enable-features=Vulkan",
    );
    try {
      const blank = await other.newPage();
      await blank.goto(server.url);
      skip(!(await blank.evaluate("navigator.gpu?.requestAdapter().then(Boolean)")), "no WebGPU here");
      const page = await openPage("?gpu=only", { of: other });
      await expectToHear(page, { file: "short.wav", seconds: 3 });
    } finally {
      await other.close();
    }
  });

  it("hears the microphone, says so, and stops", async () => {
    const page = await openPage();
    await page.click("#listen");
    await page.waitForFunction("document.querySelector('#status').textContent.startsWith('Listening')");
    await page.waitForSelector("#heard li", { timeout: 30_000 });
    expect(await page.$eval("#listen", (button) => button.textContent)).toBe("Stop");
    await page.click("#listen");
    await page.waitForFunction("document.querySelector('#listen').textContent === 'Listen'");
    const cost = await page.$eval("#cost", (element) =>
      Number((element as HTMLElement).dataset["msPerSecond"]),
    );
    expect(cost).toBeGreaterThan(0);
    await page.close();
  });

  it("goes on hearing in a hidden tab, and says so when the microphone is unplugged", async () => {
    const page = await openPage();
    await page.evaluate(`{
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (what) => (globalThis.microphone = await ask(what));
    }`);
    await page.click("#listen");
    const other = await browser.newPage();
    await other.bringToFront();
    expect(await page.evaluate("document.visibilityState")).toBe("hidden");
    await page.evaluate(`document.querySelector("#heard").replaceChildren()`);
    await page.waitForSelector("#heard li", { timeout: 30_000 });
    // What a browser does when the device goes away; a fake device cannot.
    await page.evaluate(`microphone.getTracks()[0].dispatchEvent(new Event("ended"))`);
    await page.waitForFunction("document.querySelector('#status').textContent.includes('plug it in again')", {
      polling: 100,
    });
    expect(await page.$eval("#listen", (button) => button.textContent)).toBe("Listen");
    await other.close();
    await page.close();
  });

  it("says what to do when the model is not there", async () => {
    const page = await browser.newPage();
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      if (request.url().endsWith("model.json")) void request.respond({ status: 404 });
      else void request.continue();
    });
    await page.goto(server.url);
    await page.waitForSelector("#status.bad", { timeout: 60_000 });
    expect(await page.$eval("#status", (element) => element.textContent)).toMatch(
      /model\.json: the server answered 404.*is the address right/,
    );
    await page.close();
  });
});
