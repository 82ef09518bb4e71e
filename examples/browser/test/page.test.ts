import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "@callsign/data";
import { type Detection, writeWav } from "@callsign/infer";
import { CALLSIGN_EMBEDDING, loadDetector } from "@callsign/infer/node";
import { createArchitecture, exportModel, initialWeights } from "@callsign/train";
import { type Browser, type ElementHandle, launch, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./find-chromium.ts";
import { serveFolder } from "./serve-folder.ts";

const chromium = findChromium();
/** For one test or one wait of it: machines can be slow and busy. */
const LIMIT_MS = 300_000;
/** Long enough for one detection. */
const SHORTEST_SECONDS = 1;
const example = fileURLToPath(new URL("..", import.meta.url));

/** Eight seconds of tones that come and go, or the first few. */
function recording(seconds = 8): Float32Array {
  return Float32Array.from({ length: seconds * 16_000 }, (_, i) => {
    const envelope = Math.max(0, Math.sin(i / 4000)) * 0.18;
    const tones = Math.sin(i * (0.05 + 0.03 * Math.sin(i / 9000))) + Math.sin(i * 0.21);
    // Rounded to int16, so that a file holds it exactly.
    return Math.round(envelope * tones * 32_768) / 32_768;
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

/** Keeps what the page opens, and what its Content-Security-Policy refuses, in `seen`. */
const WATCH = `{
  globalThis.seen = { streams: [], contexts: [], violations: [] };
  document.addEventListener("securitypolicyviolation", (event) =>
    seen.violations.push(event.violatedDirective + " " + event.blockedURI));
  const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (ask) navigator.mediaDevices.getUserMedia = async (what) => {
    const stream = await ask(what);
    seen.streams.push(stream);
    return stream;
  };
  globalThis.AudioContext = class extends AudioContext {
    constructor(options) {
      super(options);
      seen.contexts.push(this);
    }
  };
}`;

/** States of the microphones and contexts that a page has opened. */
const opened = (page: Page): Promise<unknown> =>
  page.evaluate(`[
    ...seen.streams.map((stream) => stream.getTracks()[0].readyState),
    ...seen.contexts.map((context) => context.state),
  ]`);

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

describe.skipIf(chromium === undefined)("the example page in Chromium", { timeout: LIMIT_MS }, () => {
  let folder: string;
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serveFolder>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-page-"));
    await makeModel(join(folder, "model"));
    const recordings = {
      "tones.wav": recording(),
      "short.wav": recording(3),
      "shortest.wav": recording(SHORTEST_SECONDS),
    };
    for (const [name, samples] of Object.entries(recordings))
      await writeFile(join(folder, name), writeWav({ samples, sampleRateHz: 16_000 }));
    await writeFile(join(folder, "model", "sample.wav"), await readFile(join(folder, "short.wav")));
    await writeFile(join(folder, "notes.mp3"), "no audio at all");
    process.env["CALLSIGN_MODEL"] = join(folder, "model");
    const { build } = await import("vite");
    await build({
      root: example,
      logLevel: "error",
      build: {
        outDir: join(folder, "page"),
        emptyOutDir: true,
        rolldownOptions: { input: [join(example, "index.html"), join(example, "test/probe.html")] },
      },
    });
    server = await serveFolder(join(folder, "page"));
    browser = await launchChromium();
  }, LIMIT_MS);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const launchChromium = (...args: readonly string[]): Promise<Browser> =>
    launch({
      executablePath: chromium!,
      timeout: LIMIT_MS,
      protocolTimeout: LIMIT_MS,
      args: [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${join(folder, "tones.wav")}`,
        ...args,
      ],
    });

  async function openPage(query = "", { of = browser, ready = "#listen" } = {}): Promise<Page> {
    const page = await of.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    await page.evaluateOnNewDocument(WATCH);
    await page.goto(new URL(query, server.url).href);
    await page.waitForSelector(`${ready}:not([disabled])`);
    return page;
  }

  const statusOf = (page: Page): Promise<string> => page.$eval("#status", (element) => element.textContent);

  const waitForStatus = (page: Page, text: string): Promise<unknown> =>
    page.waitForFunction(`document.querySelector("#status").textContent.includes(${JSON.stringify(text)})`, {
      polling: 50,
    });

  const pick = async (page: Page, input: string, ...files: string[]): Promise<void> => {
    const element = (await page.$(input)) as ElementHandle<HTMLInputElement>;
    await element.uploadFile(...files.map((file) => join(folder, file)));
  };

  async function expectToHear(
    page: Page,
    { file, seconds }: { file: string; seconds: number },
  ): Promise<void> {
    await pick(page, "#file", file);
    await waitForStatus(page, "Heard");
    const expected = await heardByNode(join(folder, "model"), recording(seconds));
    const heard = await heardByPage(page);
    expect(expected.length).toBeGreaterThan(0);
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
    await expectToHear(page, { file: "short.wav", seconds: 3 });
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
      // A step takes half a second there.
      await expectToHear(page, { file: "shortest.wav", seconds: SHORTEST_SECONDS });
    } finally {
      await other.close();
    }
  });

  it("hears the microphone under a strict policy: one for a double click, none after Stop", async () => {
    const page = await openPage();
    await page.click("#listen", { count: 2 });
    await waitForStatus(page, "Listening to");
    await page.waitForSelector("#heard li");
    expect(await page.$eval("#listen", (button) => button.textContent)).toBe("Stop");
    expect(await opened(page)).toEqual(["live", "running"]);
    await page.click("#listen");
    await waitForStatus(page, "Stopped after");
    expect(await page.$eval("#listen", (button) => button.textContent)).toBe("Listen");
    expect(await opened(page)).toEqual(["ended", "closed"]);
    expect(
      await page.$eval("#cost", (cost) => Number((cost as HTMLElement).dataset["msPerSecond"])),
    ).toBeGreaterThan(0);
    expect(await page.evaluate("seen.violations")).toEqual([]);
    await page.close();
  });

  it("goes on in a hidden tab and after an interruption, and says when the microphone is unplugged", async () => {
    const page = await openPage();
    await page.click("#listen");
    await waitForStatus(page, "Listening to");
    const other = await browser.newPage();
    await other.bringToFront();
    expect(await page.evaluate("document.visibilityState")).toBe("hidden");
    // As a phone call does; first one after which the browser lets audio go on only later.
    await page.evaluate(`{
      const [context] = seen.contexts;
      context.resume = () => Promise.reject(new Error("not now"));
      context.suspend();
    }`);
    await waitForStatus(page, "interrupted");
    await page.evaluate("delete seen.contexts[0].resume");
    await waitForStatus(page, "Listening to");
    await page.evaluate(`document.querySelector("#heard").replaceChildren()`);
    await page.waitForSelector("#heard li");
    // What a browser does when the device goes away; a fake device cannot.
    await page.evaluate(`seen.streams[0].getTracks()[0].dispatchEvent(new Event("ended"))`);
    await waitForStatus(page, "plug it in");
    expect(await page.$eval("#listen", (button) => button.textContent)).toBe("Listen");
    expect(await opened(page)).toEqual(["ended", "closed"]);
    await other.close();
    await page.close();
  });

  it("reads files over plain http from another machine, and says that the microphone needs https", async () => {
    const other = await launchChromium("--host-resolver-rules=MAP callsign.test 127.0.0.1");
    try {
      const page = await openPage(`http://callsign.test:${server.port}/`, { of: other, ready: "#sample" });
      expect(await page.evaluate("isSecureContext")).toBe(false);
      expect(await page.$eval("#insecure", (notice) => (notice as HTMLElement).innerText)).toContain("https");
      expect(await page.$eval("#listen", (button) => (button as HTMLButtonElement).disabled)).toBe(true);
      await expectToHear(page, { file: "short.wav", seconds: 3 });
    } finally {
      await other.close();
    }
  });

  it("plays the sample and what was detected, shows peaks, and says plainly that a file is no audio", async () => {
    const page = await openPage();
    await page.click("#sample");
    await waitForStatus(page, "Heard the sample, 3.0 s");
    const peaks = await page.$$eval("#heard li", (items) =>
      items.map(({ dataset }) => Number(dataset["peak"]) - Number(dataset["score"])),
    );
    expect(Math.min(...peaks)).toBeGreaterThanOrEqual(0);
    const [score] = await page.$$eval("[role=meter]", (meters) => meters.map((meter) => meter.ariaValueText));
    expect(score).toMatch(/^0\.\d\d$/);
    for (const button of ["#play", "#heard button"]) {
      await page.click(button);
      await page.waitForFunction(`document.querySelector("#play").textContent === "Stop playing"`);
      await page.click("#play");
      await page.waitForFunction(`document.querySelector("#play").textContent === "Play"`);
    }
    await pick(page, "#file", "notes.mp3");
    await waitForStatus(page, "“notes.mp3” cannot be read as audio");
    expect(await page.evaluate("seen.violations")).toEqual([]);
    await page.close();
  });

  it("takes a model of one's own, keeps the one in use where that fails, and prompts for its word", async () => {
    const page = await openPage();
    await pick(page, "#own", "model/model.json");
    await waitForStatus(page, "pick both files together");
    await pick(page, "#own", "model/model.onnx");
    await waitForStatus(page, "needs google-speech-embedding");
    await pick(page, "#own", "model/model.json", "model/model.onnx");
    await page.waitForFunction(`document.querySelector("#model").value === "own"`);
    await expectToHear(page, { file: "short.wav", seconds: 3 });
    await page.click("#prompt");
    await waitForStatus(page, "Say “hello” now");
    await page.waitForFunction(
      `/^(Heard “hello”, peak|Not heard: the highest)/.test(document.querySelector("#status").textContent)`,
    );
    await page.close();
  });

  it("closes the library's microphone however its loop ends, and serves one loop", async () => {
    const page = await openPage("test/probe.html", { ready: "html" });
    await page.waitForFunction("globalThis.openWebMicrophone !== undefined");
    const run = (script: string): Promise<unknown> => page.evaluate(`(async () => { ${script} })()`);
    await run(`for await (const chunk of await openWebMicrophone({ workletUrl })) break;`);
    expect(await opened(page)).toEqual(["ended", "closed"]);
    expect(
      await run(`
        const stop = new AbortController();
        const states = [];
        const microphone = await openWebMicrophone({ workletUrl, onStateChange: (state) => states.push(state) });
        const loop = (async () => {
          for await (const _ of detections({ push: async () => [] }, microphone, { signal: stop.signal }));
        })();
        const second = await (async () => { for await (const _ of microphone); })().catch(({ code }) => code);
        stop.abort();
        const first = await loop.catch(({ code }) => code);
        while (microphone.state !== "closed") await new Promise((resolve) => setTimeout(resolve, 10));
        return [first, second, states.at(-1)];
      `),
    ).toEqual(["ABORTED", "INVALID_ARGUMENT", "closed"]);
    expect(
      await run(`
        // The user has not answered yet.
        const ask = navigator.mediaDevices.getUserMedia;
        let answer;
        navigator.mediaDevices.getUserMedia = (what) =>
          new Promise((resolve) => (answer = () => ask(what).then(resolve)));
        const stop = new AbortController();
        const opening = openWebMicrophone({ workletUrl, signal: stop.signal });
        stop.abort();
        const code = await opening.catch((error) => error.code);
        await answer();
        navigator.mediaDevices.getUserMedia = ask;
        return code;
      `),
    ).toBe("ABORTED");
    // The policy refuses the worklet from a blob.
    expect(
      await run(`return openWebMicrophone().catch(({ code, message }) => code + " " + message)`),
    ).toMatch(/^MICROPHONE_FAILED .*give workletUrl/);
    const states = (await opened(page)) as string[];
    expect(new Set(states)).toEqual(new Set(["ended", "closed"]));
    await page.close();
  });

  it.each(["the page", "a worker"])(
    "hears the microphone by one call, in %s, and closes everything",
    async (where) => {
      const page = await openPage("test/probe.html", { ready: "html" });
      const heard = (await page.evaluate(`(async () => {
      const heard = [];
      let report;
      const first = new Promise((resolve) => (report = resolve));
      const worker = ${where === "a worker" ? "makeWorker()" : "undefined"};
      globalThis.isWorkerEnded = worker === undefined;
      const terminate = worker?.terminate.bind(worker);
      if (worker) worker.terminate = () => {
        globalThis.isWorkerEnded = true;
        terminate();
      };
      const stop = await listen({
        model: new URL("/models/0/", location.href).href,
        embedding: "/embeddings/callsign-embedding.onnx",
        wasmUrl: "/runtime.wasm.gz",
        workletUrl,
        ...(worker && { worker }),
        onDetection: (detection) => {
          heard.push(detection);
          report();
        },
      });
      await first;
      await stop();
      return heard;
    })()`)) as Detection[];
      expect(heard[0]).toMatchObject({ label: "hello", model: "untrained" });
      const states = (await opened(page)) as string[];
      expect(new Set(states)).toEqual(new Set(["ended", "closed"]));
      expect(await page.evaluate("isWorkerEnded")).toBe(true);
      await page.close();
    },
  );

  it("tells what is wrong where listening cannot start", async () => {
    const page = await openPage("test/probe.html", { ready: "html" });
    await page.waitForFunction("globalThis.listen !== undefined");
    const code = await page.evaluate(`(async () => {
      const options = { wasmUrl: "/runtime.wasm.gz", workletUrl, onDetection: () => undefined };
      const codeOf = (error) => error.code;
      return [
        await listen({ ...options, model: "/models/9/" }).catch(codeOf),
        // Its embedding is looked for beside the model.
        await listen({ ...options, model: "/models/0/" }).catch(({ message }) => message),
      ];
    })()`);
    expect(code).toEqual(["MODEL_NOT_FOUND", expect.stringMatching(/models\/0\/callsign-embedding\.onnx/)]);
    expect(await opened(page)).toEqual([]);
    await page.close();
  });

  it("says what to do when the model is not there", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      if (request.url().endsWith("model.json")) void request.respond({ status: 404 });
      else void request.continue();
    });
    await page.goto(server.url);
    await page.waitForSelector("#status.bad");
    expect(await statusOf(page)).toMatch(/model\.json: the server answered 404.*check the address/);
    await page.close();
  });
});
