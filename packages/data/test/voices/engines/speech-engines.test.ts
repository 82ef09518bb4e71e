import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeSession } from "@callsign/infer/node/internal";
import { afterAll, describe } from "vitest";
import { createEspeakEngine } from "../../../src/voices/engines/espeak/espeak.ts";
import { importEspeak } from "../../../src/voices/engines/espeak/package.ts";
import { espeakTables } from "../../../src/voices/engines/espeak/tables.ts";
import { createFliteEngine } from "../../../src/voices/engines/flite.ts";
import { createGnuspeechEngine } from "../../../src/voices/engines/gnuspeech/gnuspeech.ts";
import { createPicoEngine } from "../../../src/voices/engines/pico/pico.ts";
import { createVitsEngine } from "../../../src/voices/engines/vits/vits.ts";
import { createWaveglowEngine } from "../../../src/voices/engines/waveglow/waveglow.ts";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";
import { describeSpeechEngine } from "./speech-engine-contract.ts";
import {
  smallVits,
  VITS_METADATA,
  writePublishedPiper,
  writeSmallPiper,
  writeSmallVits,
} from "./vits/small-vits.ts";
import { writeSmallWaveglow } from "./waveglow/small-waveglow.ts";

const folder = mkdtempSync(join(tmpdir(), "callsign-engines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hasEspeakProgram = ((): boolean => {
  try {
    return execFileSync("espeak-ng", ["--version"], { encoding: "utf8" }).includes("text-to-speech: 1.51");
  } catch {
    return false;
  }
})();

describeSpeechEngine("flite", () => createFliteEngine());
// Instances of their own, since all engines of a thread share one.
describeSpeechEngine("espeak (package)", () =>
  createEspeakEngine({ backend: "package", loadPackage: importEspeak }),
);
describe.skipIf(!hasEspeakProgram)("espeak-ng 1.51 installed", () => {
  describeSpeechEngine("espeak (program)", () => createEspeakEngine({ backend: "program" }));
});
describeSpeechEngine("gnuspeech", () => createGnuspeechEngine());
describe.skipIf(!hasSharedData)("pico's language files", () => {
  describeSpeechEngine("pico", () => createPicoEngine({ model: sharedPath("voices", "pico") }));
});
describeSpeechEngine("vits, three speakers", async () =>
  createVitsEngine({ model: await writeSmallVits(join(folder, "small-vits")), cacheDir: folder }),
);
describeSpeechEngine("vits, one speaker", async () => {
  const bytes = smallVits({ speakers: false, metadata: { ...VITS_METADATA, n_speakers: "0" } });
  return createVitsEngine({
    model: await writeSmallVits(join(folder, "one-voice"), bytes),
    cacheDir: folder,
  });
});
describeSpeechEngine("vits, a Piper voice for sherpa-onnx", async () => {
  const path = join(folder, `piper-${randomUUID()}`, "small-piper");
  return createVitsEngine({
    model: await writeSmallPiper(path, await espeakTables(folder)),
    cacheDir: folder,
  });
});
describeSpeechEngine("vits, a Piper voice as published", async () =>
  createVitsEngine({ model: await writePublishedPiper(join(folder, "published")), cacheDir: folder }),
);
describeSpeechEngine("waveglow", async () =>
  createWaveglowEngine({
    model: await writeSmallWaveglow(join(folder, "small-waveglow")),
    createSession: createNodeSession(),
  }),
);
