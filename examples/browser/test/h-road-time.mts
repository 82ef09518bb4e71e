import { launch } from "puppeteer-core";
import { cp, readdir } from "node:fs/promises";
import { findChromium } from "./find-chromium.ts";
import { serveFolder } from "./serve-folder.ts";
import { build } from "vite";
import { fileURLToPath } from "node:url"; import { join } from "node:path";
process.env["CALLSIGN_MODEL"] = "/tmp/h-road/model-ours";
const root = fileURLToPath(new URL("..", import.meta.url));
await build({ root, logLevel: "error", build: { outDir: "/tmp/h-road/page-probe", emptyOutDir: true, rolldownOptions: { input: [join(root, "test/probe.html")] } } });
await cp("/work/wt2-road/packages/infer/assets/graphs", "/tmp/h-road/page-probe/graphs", { recursive: true });
const server = await serveFolder("/tmp/h-road/page-probe");
const browser = await launch({ executablePath: findChromium()!, args: ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"] });
for (let i = 0; i < 6; i++) for (const graphs of [undefined, "/graphs/"]) {
  const page = await browser.newPage();
  await page.goto(`${server.url}test/probe.html`);
  await page.waitForFunction("globalThis.listen !== undefined");
  server.sent.clear();
  const ms = await page.evaluate(`(async () => { const t = performance.now(); const stop = await listen({ model: "/models/0/", embedding: "/embeddings/callsign-embedding.onnx", wasmUrl: "/runtime.wasm.gz", workletUrl, worker: makeWorker(), onDetection() {}, ${graphs ? `graphs: ${JSON.stringify(graphs)}` : ""} }); const ms = performance.now() - t; await stop(); return ms })()`);
  const bytes = [...server.sent.values()].reduce((a, b) => a + b, 0);
  console.log(graphs ?? "derived", Math.round(ms as number), "ms", bytes, "bytes", [...server.sent.keys()].filter((k) => /onnx|derive/.test(k)).join(" "));
  await page.close();
}
await browser.close(); server.close();
