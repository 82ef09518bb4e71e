/**
 * `npx tsx --conditions=@callsign/source make-sample.ts OUT.wav PHRASE...`: the page's sample recording, a synthetic voice
 * (flite) that talks and says each phrase in between. vite.config.ts runs it.
 */
import { writeFile } from "node:fs/promises";
import { createFliteEngine } from "@callsign/data";
import { resample, SAMPLE_RATE_HZ, writeWav } from "@callsign/infer";

const [out, ...phrases] = process.argv.slice(2) as [string, ...string[]];
const VOICES = [
  { engine: "flite", voice: "flite/slt", durationStretch: 1, pitchHz: 180 },
  { engine: "flite", voice: "flite/rms", durationStretch: 1.05, pitchHz: 105 },
] as const;
const TALK = [
  "I think it will rain this afternoon",
  "did you put the letters on the table",
  "we should leave before the traffic gets bad",
  "the soup needs a little more salt",
  "see you tomorrow then",
] as const;
const PAUSE_SECONDS = 0.7;
const MAX_PHRASES = 3;

const flite = await createFliteEngine();
const parts: Float32Array[] = [pause()];
let turn = 0;
for (const phrase of phrases.slice(0, MAX_PHRASES)) {
  for (const voice of VOICES) {
    parts.push(await say(TALK[turn++ % TALK.length], voice), pause());
    parts.push(await say(phrase, voice), pause());
  }
}
const samples = Float32Array.from(parts.flatMap((part) => [...part]));
await writeFile(out, writeWav({ samples, sampleRateHz: SAMPLE_RATE_HZ }));

async function say(text: string, voice: (typeof VOICES)[number]): Promise<Float32Array> {
  const { samples: spoken, sampleRateHz } = await flite.synthesize(text, voice);
  return resample(spoken, { fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
}

/** Silence with a little noise: digital silence is nothing that a room has. */
function pause(): Float32Array {
  let state = 1;
  return Float32Array.from({ length: PAUSE_SECONDS * SAMPLE_RATE_HZ }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 24;
  });
}
