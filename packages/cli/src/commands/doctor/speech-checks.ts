import {
  createEspeakEngine,
  createFliteEngine,
  createGnuspeechEngine,
  createPicoEngine,
  loadSherpa,
  type SpeechEngine,
} from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { CliContext } from "../../context.ts";
import type { Check } from "./check.ts";

/** Checks which speech engines can be loaded. */
export async function speechChecks(env: CliContext["env"]): Promise<Check[]> {
  return [
    await checkEngine("flite", createFliteEngine),
    await checkEngine("espeak", createEspeakEngine),
    await checkEngine("gnuspeech", createGnuspeechEngine),
    // Offline: only files that are already on this machine count.
    await checkEngine("pico", () => createPicoEngine({ env: { ...env, HF_HUB_OFFLINE: "1" } })),
    await checkEngine("vits (sherpa-onnx)", () => Promise.resolve(void loadSherpa())),
  ];
}

async function checkEngine(name: string, open: () => Promise<SpeechEngine | void>): Promise<Check> {
  const facts = { group: "speech", name, required: false } as const;
  try {
    const engine = await open();
    const voices = engine
      ? `${engine.voices().length} voices`
      : "the runtime is there; voices come with a model folder";
    await engine?.dispose();
    return { ...facts, found: true, detail: voices };
  } catch (error) {
    if (!(error instanceof CallsignError)) throw error;
    return { ...facts, found: false, detail: error.message };
  }
}
