import { joinFloats } from "@callsign/audio/internal";
import { EMBEDDING, embeddingsOf, type Frontend } from "@callsign/infer/internal";
import type { ToolIdentity } from "@callsign/infer/node/internal";

import { windowFacts } from "../labelling/heard.ts";
import { longestPhrase, windowLengthOf } from "../labelling/windows.ts";
import { createJoinTest } from "../text/create-join-test.ts";
import { createRandom } from "../random.ts";
import { type FeatureShard, type ShardClip, writeShard } from "./shard.ts";
import { type EmbeddedWindows, embedWindows } from "./embed-windows.ts";
import { type FeatureSettings, settingsSha256 } from "./feature-settings.ts";
import { type AudioMaker, type LabelledAudio, makeAudio, type SpokenClip } from "./labelled-audio.ts";
import type { ClipRef, ShardPlan } from "./shard-plan.ts";

/** Resources for making a shard. */
export interface ShardMaker {
  readonly settings: FeatureSettings;
  readonly frontend: Frontend;
  readonly identity: ToolIdentity;
  /** 16 kHz, int16 scale. */
  readonly readClip: (clip: ClipRef) => Promise<Float32Array>;
}

/** Sizes of a shard. */
export interface ShardCounts {
  readonly rows: number;
  readonly windows: number;
  /** Number of windows near a phrase, by label. */
  readonly labelled: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Copies of phrases left out because they do not fit into the window, by label. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Makes the bytes of a shard, which depend only on plan, settings and clips. */
export async function makeShard(
  plan: ShardPlan,
  options: ShardMaker,
): Promise<{ bytes: Uint8Array; counts: ShardCounts }> {
  const { settings, frontend, identity } = options;
  const maker = await openMaker(plan, options);
  const rows: Float32Array[] = [];
  const windows: Windows = { windowEnd: [], label: [], heard: [], sinceEnd: [], clip: [] };
  const clips: ShardClip[] = [];
  let rowCount = 0;
  const leftOut: Record<string, number> = {};
  let samples = 0;
  for (const [i, item] of plan.items.entries()) {
    const audio = await makeAudio(item, maker);
    if (audio === undefined) {
      const { label } = (item as { clips: readonly ClipRef[] }).clips[0]!;
      leftOut[label] = (leftOut[label] ?? 0) + 1;
      continue;
    }
    const offset = createRandom(settings.seed)
      .fork("grid")
      .fork(plan.id)
      .fork(i)
      .integer(0, 2 ** 30);
    const embedded = await embedWindows(audio, { frontend, settings, offset, stepLength: plan.stepLength });
    addWindows(windows, { audio, embedded, maker, rowCount, clip: clips.length });
    clips.push(audio.clip);
    rows.push(embedded.embeddings);
    rowCount += embedded.embeddings.length / EMBEDDING.dimension;
    samples += audio.samples.length;
  }
  const shard: FeatureShard = {
    embeddings: joinFloats(rows),
    windowEnd: Int32Array.from(windows.windowEnd),
    label: Int32Array.from(windows.label),
    heard: Float32Array.from(windows.heard),
    sinceEnd: Int32Array.from(windows.sinceEnd),
    clip: Int32Array.from(windows.clip),
    metadata: {
      labels: settings.labels,
      split: plan.split,
      source: plan.source,
      kind: plan.kind,
      embeddingsPerWindow: embeddingsOf(settings.windowing),
      frontend: settings.frontend,
      floor: settings.floor,
      embeddingSha256: settings.embeddingSha256,
      configSha256: settingsSha256(settings),
      inputsSha256: plan.inputsSha256,
      seed: settings.seed,
      tool: `${identity.tool} ${identity.version}`,
      gitCommit: identity.gitCommit,
      clips,
    },
  };
  const labelled = Object.fromEntries(
    settings.labels.map((label, i) => [label, windows.label.filter((of) => of === i).length]),
  );
  const counts = {
    rows: rowCount,
    windows: windows.label.length,
    labelled,
    seconds: samples / 16_000,
    leftOut,
  };
  return { bytes: writeShard(shard, settings), counts };
}

type Windows = Record<"windowEnd" | "label" | "heard" | "sinceEnd" | "clip", number[]>;

interface Adding {
  readonly audio: LabelledAudio;
  readonly embedded: EmbeddedWindows;
  readonly maker: AudioMaker;
  /** Rows before these. */
  readonly rowCount: number;
  readonly clip: number;
}

function addWindows(windows: Windows, { audio, embedded, maker, rowCount, clip }: Adding): void {
  const { windowLength, settings } = maker;
  const longest = longestPhrase(settings.windowing, settings.afterSeconds);
  for (const [i, row] of embedded.rows.entries()) {
    const end = embedded.ends[i]!;
    const facts = windowFacts(audio.commands, {
      end,
      windowLength,
      longestPhrase: longest,
      labels: settings.labels,
    });
    windows.windowEnd.push(rowCount + row);
    windows.label.push(facts.label);
    windows.heard.push(facts.heard);
    windows.sinceEnd.push(facts.sinceEnd);
    windows.clip.push(clip);
  }
}

async function openMaker(plan: ShardPlan, { settings, readClip }: ShardMaker): Promise<AudioMaker> {
  const load = async (clips: readonly ClipRef[]): Promise<SpokenClip[]> => {
    const loaded: SpokenClip[] = [];
    for (const clip of clips) {
      const isPhrase = settings.labels.includes(clip.label);
      loaded.push({
        name: clip.path,
        speaker: clip.speaker,
        samples: await readClip(clip),
        ...(clip.text !== "" && { text: clip.text }),
        ...(isPhrase && { label: clip.label }),
      });
    }
    return loaded;
  };
  const speech = await load(plan.speech);
  return {
    settings,
    plan,
    readClip,
    resources: {
      noises: await load(plan.noises),
      impulseResponses: await load(plan.impulseResponses),
      speech,
      talkers: speech,
      makesPhrase: createJoinTest(settings.phrases),
    },
    commands: await load(plan.commands),
    windowLength: windowLengthOf(settings.windowing),
  };
}
