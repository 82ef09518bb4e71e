import { readFile } from "node:fs/promises";

import { resample, toMagnitudes } from "@callsign/audio/internal";
import { createFrontend } from "@callsign/infer/internal";
import { chooseEmbedding, createNodeSession } from "@callsign/infer/node/internal";
import { expect, it } from "vitest";

import { createRandom } from "../../src/random.ts";
import { createEspeakEngine } from "../../src/voices/engines/espeak/espeak.ts";
import { createFliteEngine } from "../../src/voices/engines/flite.ts";
import { nearestSounds } from "../../src/voices/nearest-sounds.ts";

it("finds which pronunciation was recorded, by a voice that is not among those it compares with", async () => {
  const { path } = await chooseEmbedding("callsign-embedding");
  const frontend = await createFrontend({
    createSession: createNodeSession(),
    embedding: new Uint8Array(await readFile(path)),
    floor: "window",
  });
  const flite = await createFliteEngine();
  const voice = { engine: "flite", voice: "flite/slt", durationStretch: 1.1, pitchHz: 180 };
  const engines = [{ engine: await createEspeakEngine({ backend: "package" }), weight: 1 }];
  const sounds = ["Z EH1 F ER0 AH0", "Z AH0 F AY1 R AH0", "S EH0 F IY0 R AA1"].map((sound) => ({
    sound,
    weight: 1,
  }));
  for (const { sound } of sounds) {
    const { samples, sampleRateHz } = await flite.synthesize("zephyra", voice, {
      sounds: { zephyra: sound },
    });
    const recording = resample(toMagnitudes(samples), { fromHz: sampleRateHz, toHz: 16_000 });
    const [nearest] = await nearestSounds(recording, {
      word: "zephyra",
      sounds,
      engines,
      frontend,
      random: createRandom(1),
      voices: 3,
    });
    expect(nearest!.sound).toBe(sound);
  }
  await frontend.dispose();
});
