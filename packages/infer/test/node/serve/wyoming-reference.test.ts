import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { noise } from "../../support/noise.ts";
import { serveSet } from "../../support/serve-set.ts";

/** Where Python has the protocol's reference package (`pip install wyoming`); elsewhere the transcripts must do. */
const hasReference = spawnSync("python3", ["-c", "import wyoming.wake"], { timeout: 60_000 }).status === 0;

/** Asks for the info and listens with the reference's client and data classes; prints what it got as JSON. */
const SCRIPT = `
import asyncio, json, sys
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.info import Describe, Info
from wyoming.wake import Detect, Detection, NotDetected

async def ask(uri, pcm):
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        info = Info.from_event(await client.read_event())
        await client.write_event(Detect(names=["Hello_v3", "okay_nabu"]).event())
        await client.write_event(AudioStart(16000, 2, 1).event())
        for at in range(0, len(pcm), 2048):
            chunk = AudioChunk(16000, 2, 1, pcm[at : at + 2048], timestamp=5000 + at // 32)
            await client.write_event(chunk.event())
        await client.write_event(AudioStop().event())
        await client.write_event(Detect(names=["Two"]).event())
        await client.write_event(AudioStop().event())
        detections = []
        while not NotDetected.is_type((event := await client.read_event()).type):
            detections.append(Detection.from_event(event).event().data)
        words = [[model.name, model.phrase, model.description, model.version] for model in info.wake[0].models]
        return {"words": words, "detections": detections}

pcm = open(sys.argv[1], "rb").read()
print(json.dumps([asyncio.run(ask(uri, pcm)) for uri in sys.argv[2:]]))
`;

it.skipIf(!hasReference)(
  "the reference's own client reads what it is sent, over TCP and a Unix socket",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "callsign-reference-"));
    const served = await serveSet({ wyomingSocket: join(folder, "wake.sock") });
    try {
      const samples = noise(64_000);
      await writeFile(join(folder, "pcm"), Buffer.from(Int16Array.from(samples).buffer));
      const uris = [`tcp://127.0.0.1:${served.wyomingPort}`, `unix://${join(folder, "wake.sock")}`];
      const { stdout } = await promisify(execFile)("python3", ["-c", SCRIPT, join(folder, "pcm"), ...uris]);
      const steps = await (await served.set.open()).push(samples);
      const detections = steps
        .flatMap((step) => step.detections)
        .filter(({ label }) => label === "hello")
        .map(({ timestampMs }) => ({ name: "Hello_v3", timestamp: 5000 + timestampMs, speaker: null }));
      const version = served.set.cards[0]!.createdBy.version;
      const words = [
        ["hello", "Hello", "Hello", version],
        ["world/one", "One", "One", version],
        ["world/two", "Two", "Two", version],
      ];
      expect(detections.length).toBeGreaterThan(2);
      expect(JSON.parse(stdout)).toEqual([
        { words, detections },
        { words, detections },
      ]);
    } finally {
      await served.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
