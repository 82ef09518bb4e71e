import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import type { SoundSources, WordSounds } from "@callsign/data/internal";

import type { CliContext } from "../../context.ts";

/** Flags of `new` about pronunciation. */
export interface PronunciationFlags {
  readonly soundsLike?: readonly string[];
  readonly said?: readonly string[];
  readonly samples?: string;
}

/** Pronunciations of the words of the phrases; `named` are those to write into the config: guessed or chosen by a flag. */
export interface ChosenPronunciations {
  readonly sounds: WordSounds;
  readonly named: WordSounds;
}

/**
 * Finds the pronunciations of the phrases: those of `--sounds-like`, those nearest to the recording of
 * `--said`, else those of the dictionary or of the spelling.
 * @throws CallsignError INVALID_ARGUMENT and those of audio files
 */
export async function choosePronunciations(
  context: CliContext,
  { phrases, flags }: { phrases: readonly string[]; flags: PronunciationFlags },
): Promise<ChosenPronunciations> {
  const data = await import("@callsign/data/internal");
  const spoken = phrases.map(data.spokenText).filter((phrase) => phrase !== "");
  const words = new Set(spoken.flatMap((phrase) => phrase.split(" ")));
  const pronunciations = await data.loadPronunciations();
  const sources = { pronunciations, loadModel: data.loadSpellingModel, readAs: data.readByEspeak };
  const given = new Map<string, WordSounds[string]>();
  for (const [word, texts] of assignments(flags.soundsLike, { flag: "--sounds-like", words })) {
    const own: WordSounds[string][number][] = [];
    for (const text of texts) own.push({ sound: await soundLike(text, sources), weight: 1 });
    given.set(word, own);
  }
  const sounds: Record<string, WordSounds[string]> = {
    ...(await data.findWordSounds(spoken, {
      ...sources,
      given: Object.fromEntries([...given].map(([word, own]) => [word, data.normalized(own)])),
    })),
  };
  const recorded = assignments(flags.said, { flag: "--said", words });
  for (const [word, files] of recorded)
    sounds[word] = await soundsOfRecordings(context, {
      word,
      files,
      sounds: given.get(word) ?? (await data.possibleSounds(word, sources)),
    });
  const named = Object.entries(sounds).filter(
    ([word]) => !pronunciations.has(word) || given.has(word) || recorded.has(word),
  );
  return { sounds, named: Object.fromEntries(named) };
}

/** Values of WORD=VALUE by word. @throws CallsignError `INVALID_ARGUMENT` for a text without both, or another word */
function assignments(
  texts: readonly string[] = [],
  { flag, words }: { flag: string; words: ReadonlySet<string> },
): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const text of texts) {
    const at = text.indexOf("=");
    const word = text.slice(0, Math.max(0, at)).trim().toLowerCase();
    const value = text.slice(at + 1).trim();
    if (at > 0 && value !== "" && words.has(word)) {
      values.set(word, [...(values.get(word) ?? []), value]);
      continue;
    }
    const known = words.has(word) || at <= 0 ? "" : `; ${JSON.stringify(word)} is not a word of the phrases`;
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `new: ${flag}: expected WORD=${flag === "--said" ? "FILE" : 'SOUND, such as "siorsha=see OR sha"'} with a word of the ` +
        `phrases (${[...words].join(", ")}), got ${JSON.stringify(text)}${known}`,
    );
  }
  return values;
}

/** IPA between slashes, or a respelling. */
async function soundLike(text: string, sources: SoundSources): Promise<string> {
  const { guessedSounds, parseIpa, parseRespelling } = await import("@callsign/data/internal");
  if (/^[/[]/.test(text)) return parseIpa(text);
  const parts = text.toLowerCase().split(/[\s-]+/);
  const guessed = new Map<string, string | undefined>();
  for (const part of parts.filter((each) => /^[a-z']{1,24}$/.test(each) && !sources.pronunciations.has(each)))
    guessed.set(part, (await guessedSounds(part, sources))[0]?.sound);
  return parseRespelling(text, {
    lookUp: (part) => sources.pronunciations.soundsOf(part)[0],
    guess: (part) => guessed.get(part),
  });
}

/** The pronunciations nearest to recordings of a word; each recording counts the same. */
async function soundsOfRecordings(
  { env, signal, stderr }: CliContext,
  { word, files, sounds }: { word: string; files: readonly string[]; sounds: WordSounds[string] },
): Promise<WordSounds[string]> {
  const { nearestSounds, normalized, createRandom, createSpeechEngines, findSoundEngines } =
    await import("@callsign/data/internal");
  const { createFrontend } = await import("@callsign/infer/internal");
  const { cacheDirectory, chooseEmbedding, createNodeSession } =
    await import("@callsign/infer/node/internal");
  const recordings: Float32Array[] = [];
  for (const file of files) recordings.push(await readSpoken(file, signal));
  const note = (text: string): void => stderr(`note: ${text}\n`);
  const { path } = await chooseEmbedding("auto", {
    env,
    cacheDir: cacheDirectory({ env }),
    onNote: note,
    signal,
  });
  const engines = await createSpeechEngines(await findSoundEngines());
  const frontend = await createFrontend({
    createSession: createNodeSession(),
    embedding: new Uint8Array(await readFile(path)),
    floor: "window",
  });
  const weights = new Map<string, number>();
  try {
    for (const recording of recordings)
      for (const { sound, weight } of await nearestSounds(recording, {
        word,
        sounds,
        engines,
        frontend,
        random: createRandom(`said ${word}`),
      }))
        weights.set(sound, (weights.get(sound) ?? 0) + weight);
  } finally {
    await frontend.dispose();
    await Promise.all(engines.map(({ engine }) => engine.dispose()));
  }
  const weighed = [...weights].map(([sound, weight]) => ({ sound, weight }));
  return normalized(weighed.toSorted((a, b) => b.weight - a.weight).slice(0, MAX_RECORDED_SOUNDS));
}

/** A recording of a word. @throws CallsignError of audio files; `AUDIO_EMPTY` for silence */
async function readSpoken(file: string, signal: AbortSignal): Promise<Float32Array> {
  const { speechBounds } = await import("@callsign/data/internal");
  const { readAudioFile } = await import("@callsign/audio/node/internal");
  const { SAMPLE_RATE_HZ, toMagnitudes } = await import("@callsign/audio/internal");
  const { samples } = await readAudioFile(file, { maxSeconds: MAX_RECORDING_SECONDS, signal });
  const recording = toMagnitudes(samples);
  if (speechBounds(recording, { sampleRateHz: SAMPLE_RATE_HZ }) === undefined)
    throw new CallsignError(
      "AUDIO_EMPTY",
      `new: --said: ${file}: expected a spoken word, got silence; record it again, louder`,
    );
  return recording;
}

/** Limit for the recording of one word. */
const MAX_RECORDING_SECONDS = 10;
/** Number of pronunciations taken from recordings. */
const MAX_RECORDED_SOUNDS = 3;

/** Lines that show the pronunciations of each word: share, IPA, respelling. */
export async function formatPronunciations(sounds: WordSounds): Promise<string> {
  const { formatIpa, respell } = await import("@callsign/data/internal");
  const lines = Object.entries(sounds).flatMap(([word, choices]) => [
    `pronunciations of ${word}`,
    ...choices.map(
      ({ sound, weight }) =>
        `  ${String(Math.round(100 * weight)).padStart(3)} %  ${formatIpa(sound).padEnd(18)}  ${respell(sound)}`,
    ),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

/** Speaks each pronunciation of each word once, all in one voice, into WAV files. @returns their paths */
export async function writeSamples(
  sounds: WordSounds,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<string[]> {
  const { createRandom, createSpeechEngines, findSoundEngines, respell } =
    await import("@callsign/data/internal");
  const { writeFileAtomic } = await import("@callsign/infer/node/internal");
  const { writeWav } = await import("@callsign/audio/internal");
  const [config] = await findSoundEngines();
  const [opened] = await createSpeechEngines([config!]);
  const { engine } = opened!;
  const drawn = engine.drawVoice(createRandom("samples"));
  const voice = engine.id === "espeak" ? { ...drawn, voice: "espeak/en-us+f3", rate: 130, pitch: 50 } : drawn;
  const paths: string[] = [];
  try {
    for (const [word, choices] of Object.entries(sounds))
      for (const [i, { sound }] of choices.entries()) {
        const path = join(folder, `${word}-${i + 1}-${respell(sound)}.wav`);
        const audio = await engine.synthesize(word, voice, { sounds: { [word]: sound }, signal });
        await writeFileAtomic(path, writeWav(audio), { signal });
        paths.push(path);
      }
  } finally {
    await engine.dispose();
  }
  return paths;
}
