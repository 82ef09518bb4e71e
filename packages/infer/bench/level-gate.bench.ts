import { readdirSync } from "node:fs";
import { join } from "node:path";
import { INT16_SCALE } from "@callsign/audio/internal";
import type { DetectorStream } from "@callsign/infer/internal";
import { readAudioFile } from "@callsign/audio/node/internal";
import { loadDetector } from "@callsign/infer/node/internal";
import type { BenchRow } from "../../../test-support/bench-row.ts";
import { hasSharedData, sharedPath } from "../../../test-support/shared-data.ts";
import { seededRandom } from "../../../test-support/random.ts";

const group = "level gate";
/** Root mean square of the room between and under the words, in int16. */
const ROOMS = [0, 30, 300];
const GAP_SECONDS = 20;
const WORDS = 100;

/**
 * People saying a word every 20 s or so in a room that hums: the CPU time of a stream with the gate against one without,
 * and how many detections the gate lost. Needs the recordings beside the repository.
 */
export async function bench(): Promise<BenchRow[]> {
  if (!hasSharedData) return [];
  const head = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
  const set = await loadDetector([head], {
    embeddingPath: sharedPath("reference", "embedding_model.onnx"),
  });
  const folder = sharedPath("keywords", "alexa");
  const files = readdirSync(folder).toSorted().slice(0, WORDS);
  const rows: BenchRow[] = [];
  for (const rms of ROOMS) {
    const random = seededRandom(1);
    const [open, gated] = [new Listener(set.open()), new Listener(set.open({ levelGate: {} }))];
    for (const file of files) {
      const { samples } = await readAudioFile(join(folder, file));
      const tape = new Float32Array(samples.length + GAP_SECONDS * 16_000);
      tape.set(samples, GAP_SECONDS * 8000);
      for (let i = 0; i < tape.length; i++)
        tape[i]! += Math.round((random() * 2 - 1) * rms * Math.sqrt(3)) / INT16_SCALE;
      await open.push(tape);
      await gated.push(tape);
    }
    const lost = open.found.filter((time) => !gated.found.includes(time)).length;
    rows.push({
      group,
      name: `room at ${rms} rms, a word every ${GAP_SECONDS} s`,
      value: (gated.skipped / gated.steps) * 100,
      unit: "% of steps skipped",
      ratio: open.cpu / gated.cpu,
      baseline: "CPU time without",
      note: `${lost} of ${open.found.length} detections lost`,
    });
  }
  await set.dispose();
  return rows;
}

class Listener {
  readonly #stream: DetectorStream;
  readonly found: number[] = [];
  cpu = 0;
  skipped = 0;
  steps = 0;

  constructor(stream: DetectorStream) {
    this.#stream = stream;
  }

  async push(samples: Float32Array): Promise<void> {
    const before = process.cpuUsage();
    const steps = await this.#stream.push(samples);
    const { user, system } = process.cpuUsage(before);
    this.cpu += user + system;
    this.steps += steps.length;
    for (const { skipped, detections } of steps) {
      if (skipped) this.skipped++;
      this.found.push(...detections.map(({ timestampMs }) => timestampMs));
    }
  }
}
