import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { formatModelCard, type ModelDetection } from "@callsign/infer/internal";
import { createNodeSession, listen, loadDetector } from "@callsign/infer/node/internal";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toneDetector, tones } from "../../support/tone-detector.ts";

/** A script in place of arecord answers these, and then records. */
const HEAD = `#!/bin/sh
case "$1" in
  --version) exit 0 ;;
  -L) echo default; exit 0 ;;
esac
echo $$ >> "$(dirname "$0")/pids"
`;

describe.skipIf(process.platform === "win32")("listen", () => {
  const path = process.env.PATH;
  const through = "arecord";
  let folder: string;
  let model: string;
  let sessions = 0;
  /** Counts sessions that are open. */
  const createSession: ReturnType<typeof createNodeSession> = async (bytes, options) => {
    const session = await createNodeSession()(bytes, options);
    sessions++;
    const dispose = session.dispose.bind(session);
    return Object.assign(session, {
      dispose: async () => {
        sessions--;
        await dispose();
      },
    });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-listen-"));
    process.env.PATH = `${folder}${delimiter}${path}`;
    model = join(folder, "model.json");
    const { card, classifier } = await toneDetector();
    await writeFile(model, formatModelCard(card, { name: "model.json" }));
    await writeFile(join(folder, card.classifier.file), classifier);
    await writeFile(join(folder, "tones"), new Uint8Array(Int16Array.from(tones()).buffer));
  });
  beforeEach(() => rm(join(folder, "pids"), { force: true }));
  afterAll(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  });

  async function record(script: string): Promise<void> {
    await writeFile(join(folder, "arecord"), HEAD + script);
    await chmod(join(folder, "arecord"), 0o755);
  }

  async function expectAllClosed(): Promise<void> {
    expect(sessions).toBe(0);
    for (const pid of (await readFile(join(folder, "pids"), "utf8")).trim().split("\n"))
      expect(() => process.kill(Number(pid), 0), `arecord ${pid}`).toThrow("ESRCH");
  }

  it("reports what the detector hears, until it is stopped", async () => {
    await record(`cat ${join(folder, "tones")}; exec sleep 100`);
    const detector = await loadDetector(model);
    const expected = (await detector.push(tones())).flatMap((step) => step.detections);
    await detector.dispose();
    expect(expected.length).toBeGreaterThan(0);
    const heard: ModelDetection[] = [];
    const stop = await listen({ model, through, createSession, onDetection: (one) => heard.push(one) });
    await expect.poll(() => heard.length, { timeout: 30_000 }).toBe(expected.length);
    expect(heard).toEqual(expected);
    expect(sessions).toBeGreaterThan(0);
    await stop();
    await expectAllClosed();
    await stop();
  });

  it("takes the thresholds and the device that it is given", async () => {
    await record(`echo "$*" > ${join(folder, "arguments")}; cat ${join(folder, "tones")}; exec sleep 100`);
    const heard: ModelDetection[] = [];
    const threshold = 1;
    const options = { model, through, device: "hw:3,0", threshold, createSession } as const;
    const stop = await listen({ ...options, onDetection: (one) => heard.push(one) });
    expect(await readFile(join(folder, "arguments"), "utf8")).toContain("hw:3,0");
    await stop();
    expect(heard).toEqual([]);
  });

  it("rejects where the model or the microphone cannot be opened", async () => {
    const onDetection = (): void => undefined;
    await expect(listen({ model: join(folder, "none"), through, onDetection })).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
    });
    await record(`echo "arecord: main:850: audio open error: Device or resource busy" >&2; exit 1`);
    await expect(listen({ model, through, createSession, onDetection })).rejects.toMatchObject({
      code: "MICROPHONE_FAILED",
    });
    await expectAllClosed();
  });

  it.each(["the microphone", "onDetection"])(
    "closes everything and tells onError when %s fails",
    async (who) => {
      await record(`cat ${join(folder, "tones")}${who === "onDetection" ? "; exec sleep 100" : "\nexit 1"}`);
      const errors: unknown[] = [];
      const stop = await listen({
        model,
        through,
        createSession,
        onDetection: () => {
          if (who === "onDetection") throw new Error("of the callback");
        },
        onError: (error) => errors.push(error, sessions),
      });
      await expect.poll(() => errors.length, { timeout: 30_000 }).toBe(2);
      expect(String(errors[0])).toMatch(who === "onDetection" ? /of the callback/ : /unplugged/);
      await expectAllClosed();
      await stop();
      expect(errors).toHaveLength(2);
    },
  );

  it("starts with a microphone that sends nothing, and stops with its signal", async () => {
    await record("exec sleep 100");
    const abort = new AbortController();
    const options = { model, through, createSession, noAudioSeconds: 0.05, signal: abort.signal } as const;
    const errors: unknown[] = [];
    const onError = (error: unknown): number => errors.push(error);
    await listen({ ...options, onDetection: () => undefined, onError });
    const started = (): Promise<string> => readFile(join(folder, "pids"), "utf8").catch(() => "");
    await expect.poll(started, { timeout: 10_000 }).not.toBe("");
    abort.abort();
    await expect.poll(() => sessions, { timeout: 10_000 }).toBe(0);
    await expectAllClosed();
    expect(errors).toEqual([]);
    await expect(listen({ ...options, onDetection: () => undefined })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });
});
