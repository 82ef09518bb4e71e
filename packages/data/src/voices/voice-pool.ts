import { CallsignError } from "@callsign/audio/internal";

import type { Random } from "../random.ts";
import { partition, type VoiceShares, type VoiceSplit } from "../split.ts";
import type { WeightedEngine } from "./draw-utterance.ts";
import type { SpeechEngine, VoiceParameters } from "./speech-engine.ts";

/** The voices of one split. Plain data, since it is sent to worker threads. */
export interface VoicePool {
  readonly split: VoiceSplit;
  readonly seed: string | number;
  readonly shares: VoiceShares;
}

type Voices = Pick<SpeechEngine, "id" | "voices">;

/**
 * Assigns splits to the voices of an engine. The parts of voices (accents, timbres) are divided so that no part is in two
 * splits; a voice whose parts are in different splits has none.
 */
export function splitVoices(
  engine: Voices,
  { seed, shares }: Omit<VoicePool, "split">,
): ReadonlyMap<string, VoiceSplit> {
  const voices = engine.voices().map(({ id, parts = [id] }) => ({ id, parts }));
  const places = Math.max(0, ...voices.map(({ parts }) => parts.length));
  const splits = Array.from({ length: places }, (_, place) =>
    partition(
      voices.flatMap(({ parts }) => parts[place] ?? []),
      { seed: `${seed}/${engine.id}/${place}`, shares },
    ),
  );
  const found = new Map<string, VoiceSplit>();
  for (const { id, parts } of voices) {
    const [split, ...others] = parts.map((part, place) => splits[place]!.get(part)!);
    if (split !== undefined && others.every((other) => other === split)) found.set(id, split);
  }
  return found;
}

/** Engines with a weight and at least one voice in the pool. */
export const enginesOf = <Engine extends { readonly engine: Voices; readonly weight: number }>(
  engines: readonly Engine[],
  pool: VoicePool,
): Engine[] => engines.filter(({ engine, weight }) => weight > 0 && idsOf(engine, pool).size > 0);

/**
 * Draws an engine with voices in the pool by weight, and one of those voices as the engine draws it.
 * @throws CallsignError `CONFIG_INVALID` if no engine has a voice in the pool
 */
export function drawFromPool(
  pool: VoicePool,
  { random, engines }: { readonly random: Random; readonly engines: readonly WeightedEngine[] },
): VoiceParameters {
  const able = enginesOf(engines, pool);
  if (able.length === 0) throw noVoice(pool, engines);
  const { engine } = random.weightedChoice(
    able,
    able.map(({ weight }) => weight),
  );
  const ids = idsOf(engine, pool);
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const voice = engine.drawVoice(random);
    if (ids.has(voice.voice)) return voice;
  }
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `${engine.id}: none of ${MAX_DRAWS} voices drawn is in the split ${pool.split}, which has ${ids.size} of voices()`,
  );
}

/** Error for engines without a voice in a split. */
export const noVoice = ({ split }: VoicePool, engines: readonly { engine: Voices }[]): CallsignError =>
  new CallsignError(
    "CONFIG_INVALID",
    `data.engines: expected a voice for the split ${split}, got ${engines
      .map(({ engine }) => `${engine.id} with ${count(engine.voices().length, "voice")}`)
      .join(", ")}; add an engine, or change data.splits.${split}`,
  );

const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? "" : "s"}`;

/** About one draw in a hundred is a voice of espeak's validation split. */
const MAX_DRAWS = 100_000;

/** Cache by engine, since espeak has about 700 voices and every clip needs the set. */
const known = new WeakMap<Voices, Map<string, ReadonlySet<string>>>();

function idsOf(engine: Voices, { split, ...shares }: VoicePool): ReadonlySet<string> {
  const sets = known.get(engine) ?? new Map<string, ReadonlySet<string>>();
  known.set(engine, sets);
  const key = JSON.stringify([split, shares]);
  const found = sets.get(key);
  if (found !== undefined) return found;
  const ids = new Set([...splitVoices(engine, shares)].flatMap(([id, of]) => (of === split ? id : [])));
  sets.set(key, ids);
  return ids;
}
