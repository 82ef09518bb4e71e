import { NEGATIVE, type Random } from "@callsign/data/internal";
import { EMBEDDING } from "@callsign/infer/internal";

import type { TrainConfig } from "../config/config-train.ts";
import { EmbeddingNoise } from "./embedding-noise.ts";
import { mixExamples } from "./mixup.ts";
import type { FeatureCache } from "../shards/feature-cache.ts";
import type { ShardTable, WindowPlace } from "../shards/shard-table.ts";
import { WindowStream } from "../shards/window-stream.ts";

/** Examples of one training step, in host memory. */
export interface HostBatch {
  /** `[size, embeddings, 96]`, row-major. */
  readonly features: Float32Array;
  /** `[size, labels]`. */
  readonly targets: Float32Array;
  readonly places: readonly WindowPlace[];
}

export interface BatchesOptions {
  readonly tables: readonly ShardTable[];
  readonly cache: FeatureCache;
  readonly labels: number;
  /** Embeddings per window. */
  readonly embeddings: number;
  readonly train: Pick<TrainConfig, "batch" | "mixup" | "noise" | "offset" | "mining" | "memoryMiB">;
  readonly random: Random;
}

/** Batches of a training. The windows of a step depend only on the seed and the hard negatives. */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #positives: readonly WindowStream[];
  readonly #negatives: WindowStream;
  #hard: readonly WindowPlace[] = [];
  #hardFeatures: Float32Array | undefined;
  readonly #noise: EmbeddingNoise | undefined;

  constructor(options: BatchesOptions) {
    const { labels, train, random } = options;
    this.#options = options;
    // The memory is shared equally by all streams.
    const maxBytes = (train.memoryMiB * 2 ** 20) / (labels + 1);
    const streamOf = (outcome: number): WindowStream =>
      new WindowStream(poolsOf(options.tables, outcome), {
        random: random.fork("windows").fork(outcome),
        maxBytes,
      });
    this.#positives = Array.from({ length: labels }, (_, label) => streamOf(label));
    this.#negatives = streamOf(NEGATIVE);
    if (train.noise > 0 || train.offset > 0)
      this.#noise = new EmbeddingNoise(train, random.fork("noise tape"));
  }

  /** Hard negative windows, from which a share of each batch's negatives is drawn. */
  get hard(): readonly WindowPlace[] {
    return this.#hard;
  }

  /** Sets the hard negatives and copies their features, which may come from any shard. */
  async setHard(places: readonly WindowPlace[]): Promise<void> {
    this.#hardFeatures = places.length > 0 ? await this.#gather(places) : undefined;
    this.#hard = places;
  }

  async at(step: number): Promise<HostBatch> {
    const { positives, negatives } = this.#options.train.batch;
    const { labels, embeddings, random } = this.#options;
    const places: WindowPlace[] = [];
    const outcomes: number[] = [];
    const take = (stream: WindowStream, { count, outcome }: { count: number; outcome: number }): void => {
      for (let i = 0; i < count; i++) {
        places.push(stream.at(step * count + i));
        outcomes.push(outcome);
      }
    };
    for (const [label, stream] of this.#positives.entries()) {
      const until = Math.floor((positives * (label + 1)) / labels);
      take(stream, { count: until - Math.floor((positives * label) / labels), outcome: label });
    }
    take(this.#negatives, { count: negatives, outcome: NEGATIVE });
    const hardRandom = random.fork("hard").fork(step);
    const hardCount = this.#hard.length > 0 ? Math.round(negatives * this.#options.train.mining.share) : 0;
    const hard = Array.from({ length: hardCount }, () => hardRandom.integer(0, this.#hard.length - 1));
    for (const [i, which] of hard.entries()) places[places.length - hardCount + i] = this.#hard[which]!;
    const features = await this.#gather(places, hard);
    const targets = new Float32Array(places.length * labels);
    for (const [i, outcome] of outcomes.entries()) if (outcome >= 0) targets[i * labels + outcome] = 1;
    mixExamples(
      { features, targets },
      { ...this.#options.train.mixup, labels, random: random.fork("mixup").fork(step) },
    );
    this.#noise?.addTo(features, { embeddings, random: random.fork("noise").fork(step) });
    return { features, targets, places };
  }

  /** Features of windows; the last `hard.length` are taken from the hard negatives. */
  async #gather(places: readonly WindowPlace[], hard: readonly number[] = []): Promise<Float32Array> {
    const { tables, cache, embeddings } = this.#options;
    const length = embeddings * EMBEDDING.dimension;
    const features = new Float32Array(places.length * length);
    const usual = places.length - hard.length;
    for (const [i, { shard, window }] of places.slice(0, usual).entries()) {
      const rows = await cache.get(shard);
      const end = (tables[shard]!.windowEnd[window]! + 1) * EMBEDDING.dimension;
      features.set(rows.subarray(end - length, end), i * length);
    }
    for (const [i, which] of hard.entries())
      features.set(this.#hardFeatures!.subarray(which * length, (which + 1) * length), (usual + i) * length);
    return features;
  }
}

function poolsOf(tables: readonly ShardTable[], outcome: number) {
  return tables.flatMap(({ split, outcome: outcomes, bytes }, shard) => {
    if (split !== "train") return [];
    const windows: number[] = [];
    for (let i = 0; i < outcomes.length; i++) if (outcomes[i] === outcome) windows.push(i);
    return [{ shard, windows: Int32Array.from(windows), bytes }];
  });
}
