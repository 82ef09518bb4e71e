/** Every example runs as its README says, on a detector of a tone and a recording with two of them. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fromInt16, writeWav } from "@callsign/audio/internal";
import { runCli } from "@callsign/cli";
import { formatModelCard } from "@callsign/infer/internal";
import { loadDetector, readyWords } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { parse } from "yaml";
import { toneDetector, tones } from "../../packages/infer/test/support/tone-detector.ts";

const examples = fileURLToPath(new URL("..", import.meta.url));
const fromSource = ["--import", "tsx", "--conditions=@callsign/source"];
/** Python with onnxruntime and numpy: CALLSIGN_PYTHON, or python3. */
const python = ((command) => {
  try {
    execFileSync(command, ["-c", "import onnxruntime, numpy"], { stdio: "ignore" });
    return command;
  } catch {
    return undefined;
  }
})(process.env["CALLSIGN_PYTHON"] ?? "python3");

let folder = "";
let model = "";
let recording = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-examples-"));
  model = join(folder, "tone");
  recording = join(folder, "tones.wav");
  const { card, classifier } = await toneDetector();
  await mkdir(model);
  await writeFile(join(model, "model.json"), formatModelCard(card, { name: "model.json" }));
  await writeFile(join(model, card.classifier.file), classifier);
  await writeFile(recording, writeWav({ samples: fromInt16(tones()), sampleRateHz: 16_000 }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = async (program: string, args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(program, args, { cwd: examples })).stdout;

it("microphone.mjs acts on each detection in a recording", async () => {
  const printed = await run(process.execPath, [...fromSource, "microphone.mjs", model, recording]);
  expect(printed.split("\n")).toEqual([
    "listening for tone; stop with Ctrl-C",
    expect.stringMatching(/^[12]\.\d\d s {2}tone {2}0\.\d\d$/),
    "no action for tone",
    expect.stringMatching(/^4\.\d\d s {2}tone {2}0\.\d\d$/),
    "no action for tone",
    "",
  ]);
});

it("server.mjs serves its page, its API and the WebSocket on one port, and stops on Ctrl-C", async () => {
  const server = spawn(process.execPath, [...fromSource, "server/server.mjs", model], {
    cwd: examples,
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [url] = (await once(createInterface(server.stdout), "line")) as [string];
    expect(await (await fetch(url)).text()).toContain("/v1/stream");
    expect(await (await fetch(`${url}/api/models`)).json()).toEqual([{ name: "tone", labels: ["tone"] }]);
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`);
    const said: { readonly type: string; readonly label?: string }[] = [];
    socket.on("message", (data: Buffer) => said.push(JSON.parse(data.toString()) as (typeof said)[0]));
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "hello", version: 1 }));
    socket.send(new Uint8Array(tones().buffer));
    socket.send(JSON.stringify({ type: "end" }));
    await once(socket, "close");
    expect(said.filter(({ type }) => type === "detection").map(({ label }) => label)).toEqual([
      "tone",
      "tone",
    ]);
  } finally {
    server.kill("SIGINT");
  }
  expect(await once(server, "exit")).toEqual([0, null]);
});

describe("a model in one ONNX file", () => {
  let file = "";
  let expected: [string, number][] = [];
  beforeAll(async () => {
    file = join(folder, "tone.onnx");
    const signal = new AbortController().signal;
    const context = { stdout: () => undefined, stderr: () => undefined, env: {}, signal, interactive: false };
    expect(await runCli(["export", "--single-file", "--model", model, "--out", file], context)).toBe(0);
    const detector = await loadDetector(model);
    const steps = await detector.push(tones());
    await detector.dispose();
    expected = steps
      .map(({ scores, timestampMs }): [string, number] => [(timestampMs / 1000).toFixed(2), scores[0]!])
      .filter(([, score]) => score >= 0.5);
    expect(expected.length).toBeGreaterThan(10);
  });

  /** Lines of a program: seconds and score. */
  const scoresOf = (printed: string): [string, number][] =>
    printed
      .trim()
      .split("\n")
      .map((line) => line.split("\t"))
      .map(([seconds, score]) => [seconds!, Number(score)]);
  const close = (): [string, unknown][] =>
    expected.map(([seconds, score]) => [seconds, expect.closeTo(score, 4)]);

  it("gives the detector's scores in Node", async () => {
    expect(scoresOf(await run(process.execPath, ["single-file.mjs", file, recording]))).toEqual(close());
  });

  it.skipIf(python === undefined)("gives the detector's scores in Python", async () => {
    expect(scoresOf(await run(python!, ["single_file.py", file, recording]))).toEqual(close());
  });
});

it.skipIf(!readyWords().has("computer"))(
  "Home Assistant's compose file starts a server that knows its words",
  async () => {
    const compose = parse(await readFile(join(examples, "home-assistant", "compose.yaml"), "utf8"));
    const { build, command } = compose.services.callsign;
    const dockerfile = await readFile(join(examples, "..", build.dockerfile), "utf8");
    const entrypoint = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)![1]!) as string[];
    const [, ...serve] = entrypoint.slice(entrypoint.indexOf("packages/cli/src/main.ts"));
    const args = [...serve, ...command].map((arg: string) => (arg === "0.0.0.0" ? "127.0.0.1" : arg));
    const stop = new AbortController();
    let printed = "";
    const exitCode = await runCli([...args, "--wyoming-port", "0", "--json"], {
      stdout: (text) => {
        printed += text;
        stop.abort();
      },
      stderr: () => undefined,
      env: {},
      signal: stop.signal,
      interactive: false,
    });
    expect(exitCode).toBe(0);
    const { http, wyoming, models } = JSON.parse(printed);
    expect(http).toBeUndefined();
    expect(wyoming.port).toBeGreaterThan(0);
    expect(models).toEqual(["computer"]);
  },
);
