import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeSession } from "@callsign/infer/node/internal";
import { createRandom } from "../src/random.ts";
import { createPool } from "../src/workers/pool.ts";
import { createEspeakEngine } from "../src/voices/engines/espeak/espeak.ts";
import { createFliteEngine } from "../src/voices/engines/flite.ts";
import { createGnuspeechEngine } from "../src/voices/engines/gnuspeech/gnuspeech.ts";
import { createPicoEngine } from "../src/voices/engines/pico/pico.ts";
import { makeAttempt } from "../src/voices/make-clip.ts";
import { measureSpeech } from "../src/voices/quality/measure-speech.ts";
import type { SpeechEngine } from "../src/voices/speech-engine.ts";
import { speechBounds } from "../src/voices/quality/trim-silence.ts";
import { takeTurns } from "../src/voices/take-turns.ts";
import { synthesizeClips } from "../src/voices/synthesize-clips.ts";
import { createVitsEngine } from "../src/voices/engines/vits/vits.ts";
import { createWaveglowEngine } from "../src/voices/engines/waveglow/waveglow.ts";
import { writeSmallVits } from "../test/voices/engines/vits/small-vits.ts";
import { writeSmallWaveglow } from "../test/voices/engines/waveglow/small-waveglow.ts";
import type { BenchRow } from "../../../test-support/bench-row.ts";

const TEXTS = ["hey computer", "turn on the lights", "stop"];
const ROUNDS = 60;

/**
 * Clips a second and audio against real time of each engine, on one thread, interleaved clip by clip; the neural
 * engines run the tests' small graphs, so their figure is the cost of everything around a model, not of one.
 */
export async function bench(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "callsign-bench-"));
  try {
    const engines = await openEngines(folder);
    return [...(await benchEngines(engines)), ...(await benchGate()), ...(await benchPool())];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openEngines(folder: string): Promise<[string, SpeechEngine][]> {
  const createSession = createNodeSession();
  const engines: [string, SpeechEngine][] = [
    ["flite", await createFliteEngine()],
    ["espeak (package)", await createEspeakEngine({ backend: "package" })],
    [
      "vits (small graph)",
      await createVitsEngine({ model: await writeSmallVits(join(folder, "vits")), cacheDir: folder }),
    ],
    [
      "waveglow (small graphs)",
      await createWaveglowEngine({ model: await writeSmallWaveglow(join(folder, "wg")), createSession }),
    ],
  ];
  const others: Record<string, Promise<SpeechEngine>> = {
    "espeak (program)": createEspeakEngine({ backend: "program" }),
    gnuspeech: createGnuspeechEngine(),
    // Where its language files are already.
    pico: createPicoEngine({ env: { ...process.env, HF_HUB_OFFLINE: "1" } }),
  };
  for (const [name, opening] of Object.entries(others)) {
    const engine = await opening.catch(() => undefined);
    if (engine) engines.splice(2, 0, [name, engine]);
  }
  return engines;
}

async function benchEngines(engines: readonly [string, SpeechEngine][]): Promise<BenchRow[]> {
  const seconds = new Map<string, { spent: number; spoken: number }>(
    engines.map(([name]) => [name, { spent: 0, spoken: 0 }]),
  );
  for (let round = -3; round < ROUNDS; round++) {
    for (const [name, engine] of engines) {
      const voice = engine.drawVoice(createRandom(round));
      const started = performance.now();
      const audio = await engine.synthesize(TEXTS[(round + 3) % TEXTS.length]!, voice);
      if (round < 0) continue;
      const sum = seconds.get(name)!;
      sum.spent += (performance.now() - started) / 1000;
      sum.spoken += audio.samples.length / audio.sampleRateHz;
    }
  }
  const flite = seconds.get("flite")!;
  return [...seconds].map(([name, { spent, spoken }]) => ({
    group: "synthesis",
    name,
    value: ROUNDS / spent,
    unit: "clips/s",
    ratio: flite.spent / spent,
    baseline: "flite",
    note: `${(spoken / spent).toFixed(0)} x real time`,
  }));
}

/** What comes after the engine, as a share of it. */
async function benchGate(): Promise<BenchRow[]> {
  const engine = await createFliteEngine();
  let [engineMs, wholeMs, trimMs, measureMs] = [0, 0, 0, 0];
  for (let index = 0; index < ROUNDS; index++) {
    const request = { seed: 1, index, text: TEXTS[index % TEXTS.length]!, engines: [{ engine, weight: 1 }] };
    const { voice } = await makeAttempt(request, 0);
    const times = [performance.now()];
    await makeAttempt(request, 0);
    times.push(performance.now());
    const { samples, sampleRateHz } = await engine.synthesize(request.text, voice);
    times.push(performance.now());
    speechBounds(samples, { sampleRateHz });
    times.push(performance.now());
    measureSpeech(samples);
    times.push(performance.now());
    const [whole, speak, trim, measure] = times.slice(1).map((time, i) => time - times[i]!) as [
      number,
      number,
      number,
      number,
    ];
    wholeMs += whole;
    engineMs += speak;
    trimMs += trim;
    measureMs += measure;
  }
  const share = (name: string, ms: number): BenchRow => ({
    group: "synthesis",
    name,
    value: (100 * ms) / wholeMs,
    unit: "% of a flite clip",
  });
  return [share("the engine", engineMs), share("trimming", trimMs), share("measuring", measureMs)];
}

async function benchPool(): Promise<BenchRow[]> {
  const engines = [{ kind: "flite" }] as const;
  const spent: number[] = [];
  for (const workers of [1, 2]) {
    const pool = createPool("synthesis", { setup: { engines }, workers });
    const plan = {
      turn: takeTurns({ texts: TEXTS }),
      seed: 1,
      engines: [{ engine: await createFliteEngine(), weight: 1 }],
    };
    const run = async (count: number): Promise<void> => {
      const options = { ...plan, count, pool, concurrency: 2 * workers };
      for await (const _ of synthesizeClips(options));
    };
    await run(2 * workers);
    const started = performance.now();
    await run(ROUNDS);
    spent.push((performance.now() - started) / 1000);
    await pool.dispose();
  }
  const [one, two] = spent as [number, number];
  return [
    {
      group: "synthesis",
      name: "flite clips, 2 workers",
      value: ROUNDS / two,
      unit: "clips/s",
      ratio: one / two,
      baseline: "1 worker",
    },
  ];
}
