import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromInt16, toInt16, writeWav } from "@callsign/audio/internal";
import { detections, type Detector } from "@callsign/infer/internal";
import { openMicrophone, readAudioChunks, readAudioFile } from "@callsign/audio/node/internal";
import { loadDetector } from "@callsign/infer/node/internal";
import { type DetectorServer, serveDetectors } from "@callsign/serve/internal";
import { hasSharedData, sharedPath } from "../../../test-support/shared-data.ts";
import { greet } from "./support/socket-client.ts";
import { WyomingTestClient } from "./support/wyoming-test-client.ts";

const HEAD = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
const NAME = "openwakeword-alexa_v0.1";
const embeddingPath = sharedPath("reference", "embedding_model.onnx");
const hasArecord = (() => {
  try {
    execFileSync("arecord", ["--version"]);
    return true;
  } catch {
    return false;
  }
})();

/** A detection as every way has it. */
interface Heard {
  readonly score: number;
  readonly timestampMs: number;
}
const heardOf = ({ score, timestampMs }: Heard): Heard => ({ score, timestampMs });

describe.skipIf(!hasSharedData)(
  "people saying alexa, openWakeWord's head: the same detections everywhere",
  () => {
    let folder: string;
    let samples: Int16Array;
    let expected: Heard[];
    let set: Detector;
    let server: DetectorServer;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "callsign-same-"));
      const recordings = (await readdir(sharedPath("keywords", "alexa"))).toSorted().slice(0, 12);
      const parts: number[] = [];
      for (const file of recordings)
        parts.push(...toInt16((await readAudioFile(sharedPath("keywords", "alexa", file))).samples));
      samples = Int16Array.from(parts);
      await writeFile(
        join(folder, "tape.wav"),
        writeWav({ samples: fromInt16(samples), sampleRateHz: 16_000 }),
      );
      const detector = await loadDetector(HEAD, { embeddingPath });
      expected = [];
      for await (const one of detections(detector, readAudioChunks(join(folder, "tape.wav"))))
        expected.push(heardOf(one));
      await detector.dispose();
      set = await loadDetector([HEAD], { embeddingPath });
      server = await serveDetectors(set, { http: { port: 0 }, wyoming: { port: 0 } });
    });
    afterAll(async () => {
      await server.close();
      await set.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    it("over WebSocket: bit-identical scores", async () => {
      expect(expected.length).toBeGreaterThan(8);
      const client = await greet(`ws://127.0.0.1:${server.http!.port}/v1/stream`);
      const bytes = new Uint8Array(samples.slice().buffer);
      for (let at = 0; at < bytes.length; at += 2048) client.send(bytes.subarray(at, at + 2048));
      client.send({ type: "end" });
      await client.closed;
      expect(client.of("detection").map((one) => heardOf(one as unknown as Heard))).toEqual(expected);
    });

    it("over Wyoming: times to the millisecond (the protocol has no scores)", async () => {
      const client = await new WyomingTestClient(server.wyoming!.port).open();
      const format = { rate: 16_000, width: 2, channels: 1 };
      client.send("detect", { names: [NAME] });
      client.send("audio-start", format);
      const bytes = new Uint8Array(samples.slice().buffer);
      for (let at = 0; at < bytes.length; at += 2048)
        client.send("audio-chunk", format, bytes.subarray(at, at + 2048));
      client.send("audio-stop", {});
      client.socket.end();
      await client.closed;
      expect(client.events).toEqual(
        expected.map(({ timestampMs }) => ({
          type: "detection",
          data: { name: NAME, timestamp: timestampMs },
        })),
      );
    });

    it.skipIf(!hasArecord)("through a microphone, ALSA's file device: scores to the bit", async () => {
      await writeFile(join(folder, "tape.raw"), new Uint8Array(samples.slice().buffer));
      const pcm = `type file\n slave.pcm null\n file /dev/null\n infile ${join(folder, "tape.raw")}\n format raw`;
      await writeFile(
        join(folder, "asound.conf"),
        `pcm.tape {\n ${pcm}\n hint { show on description "Tape" }\n}\npcm.null { type null }\n`,
      );
      process.env.ALSA_CONFIG_PATH = join(folder, "asound.conf");
      const stop = new AbortController();
      const { chunks } = await openMicrophone({ device: "tape", through: "arecord", signal: stop.signal });
      const heard: Heard[] = [];
      const stream = set.open();
      let left = samples.length;
      for await (const chunk of chunks) {
        const taken = chunk.subarray(0, left);
        for (const step of await stream.push(taken)) heard.push(...step.detections.map(heardOf));
        left -= taken.length;
        if (left === 0) stop.abort();
      }
      delete process.env.ALSA_CONFIG_PATH;
      expect(heard).toEqual(expected);
    });

    it("with the level gate, after seconds of a quiet room", async () => {
      const [open, gated] = [set.open(), set.open({ levelGate: {} })];
      const tone = (at: number): number => ((at * 7919) % 61) - 30;
      const room = new Int16Array(8 * 16_000);
      let skipped = 0;
      let found = 0;
      for (let at = 0; at < samples.length; at += 60_000)
        for (const part of [room, samples.subarray(at, at + 60_000)]) {
          const noisy = part.map((sample, i) => sample + tone(i));
          const [all, some] = [await open.push(noisy), await gated.push(noisy)];
          found += all.flatMap((step) => step.detections).length;
          expect(some.flatMap((step) => step.detections)).toEqual(all.flatMap((step) => step.detections));
          skipped += some.filter((step) => step.skipped).length / 100;
        }
      expect(found).toBeGreaterThan(8);
      // Of each 8 s room (100 steps) after the first, all but the two seconds it listens on.
      expect(skipped / Math.ceil(samples.length / 60_000)).toBeGreaterThan(0.6);
    });
  },
);
