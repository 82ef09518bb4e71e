import { CallsignError } from "@callsign/audio/internal";
import { NEGATIVE, type Random } from "@callsign/data/internal";
import { EMBEDDING } from "@callsign/infer/internal";

import type { TrainConfig } from "../config/config-train.ts";
import { EmbeddingNoise } from "./embedding-noise.ts";
import { mixExamples } from "./mixup.ts";
import { divideBatch, NEGATIVE_GROUPS, type NegativeGroup, negativeGroupOf } from "./negative-shares.ts";
import type { NoiseShapes } from "./people-noise.ts";
import type { FeatureStore } from "../shards/feature-store.ts";
import type { ShardTable, WindowPlace } from "../shards/shard-table.ts";
import { type WindowPool, WindowStream } from "../shards/window-stream.ts";

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
  readonly features: FeatureStore;
  readonly labels: number;
  /** Embeddings per window. */
  readonly embeddings: number;
  readonly train: Pick<TrainConfig, "batch" | "mixup" | "noise" | "offset" | "mining">;
  /** Shapes of the noise. Default: independent values. */
  readonly noiseShapes?: NoiseShapes | undefined;
  readonly random: Random;
}

/**
 * Batches of a training: positives of each label in turn, then negatives of each kind by its share. The windows of a step
 * depend only on the seed and the hard negatives.
 */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #positives: readonly WindowStream[];
  readonly #negatives: readonly NegativeStream[];
  #hard: readonly WindowPlace[] = [];
  #hardFeatures: Float32Array | undefined;
  readonly #noise: EmbeddingNoise | undefined;

  constructor(options: BatchesOptions) {
    const { tables, labels, train } = options;
    const random = options.random.fork("windows");
    this.#options = options;
    this.#positives = Array.from(
      { length: labels },
      (_, label) => new WindowStream(poolsOf(tables, label), { random: random.fork(label) }),
    );
    this.#negatives = NEGATIVE_GROUPS.map((group) => ({
      weight: train.batch.shares[group],
      stream: new WindowStream(poolsOf(tables, NEGATIVE, group), { random: random.fork(group) }),
    })).filter(({ weight, stream }) => weight > 0 && stream.length > 0);
    if (this.#negatives.length === 0)
      throw new CallsignError(
        "CLASS_EMPTY",
        `train.batch.shares: expected a share above 0 for a kind of negatives in the data (${kindsOf(tables)}), got 0 for all of them; set one`,
      );
    if (train.noise > 0 || train.offset > 0)
      this.#noise = new EmbeddingNoise(train, options.random.fork("noise tape"), options.noiseShapes);
  }

  /** Hard negative windows, from which a share of each batch's negatives is drawn. */
  get hard(): readonly WindowPlace[] {
    return this.#hard;
  }

  /** Sets the hard negatives and copies their features. */
  setHard(places: readonly WindowPlace[]): void {
    const { features, embeddings } = this.#options;
    this.#hardFeatures = places.length > 0 ? features.gather(places, { embeddings }) : undefined;
    this.#hard = places;
  }

  at(step: number): HostBatch {
    const { labels, embeddings, random, train } = this.#options;
    const { positives, negatives } = train.batch;
    const hardCount = this.#hard.length > 0 ? Math.round(negatives * train.mining.share) : 0;
    const drawn = [...this.#positivesAt(step), ...this.#negativesAt(step, negatives - hardCount)];
    const hardRandom = random.fork("hard").fork(step);
    const hard = Array.from({ length: hardCount }, () => hardRandom.integer(0, this.#hard.length - 1));
    const places = [...drawn, ...hard.map((which) => this.#hard[which]!)];
    const length = embeddings * EMBEDDING.dimension;
    const features = this.#options.features.gather(drawn, { embeddings, size: places.length });
    for (const [i, which] of hard.entries())
      features.set(
        this.#hardFeatures!.subarray(which * length, (which + 1) * length),
        (drawn.length + i) * length,
      );
    const targets = new Float32Array(places.length * labels);
    for (let i = 0; i < positives; i++) targets[i * labels + ((step * positives + i) % labels)] = 1;
    mixExamples({ features, targets }, { ...train.mixup, labels, random: random.fork("mixup").fork(step) });
    this.#noise?.addTo(features, { embeddings, random: random.fork("noise").fork(step) });
    return { features, targets, places };
  }

  /** Positives of each label in turn, across batches, so that no label is left out if there are more labels than positives. */
  #positivesAt(step: number): WindowPlace[] {
    const { labels, train } = this.#options;
    return Array.from({ length: train.batch.positives }, (_, i) => {
      const turn = step * train.batch.positives + i;
      return this.#positives[turn % labels]!.at(Math.floor(turn / labels));
    });
  }

  #negativesAt(step: number, size: number): WindowPlace[] {
    const weights = this.#negatives.map(({ weight }) => weight);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = divideBatch(weights, { size, step });
    return this.#negatives.flatMap(({ stream, weight }, group) => {
      // Every step has a fixed range of positions. Those left over by rounding are skipped; the stream is shuffled, so that is no bias.
      const from = step * Math.ceil((this.#options.train.batch.negatives * weight) / total);
      return Array.from({ length: counts[group]! }, (_, i) => stream.at(from + i));
    });
  }
}

const kindsOf = (tables: readonly ShardTable[]): string =>
  [...new Set(tables.map(({ kind }) => negativeGroupOf(kind)))].toSorted().join(", ");

interface NegativeStream {
  readonly weight: number;
  readonly stream: WindowStream;
}

function poolsOf(tables: readonly ShardTable[], outcome: number, group?: NegativeGroup): WindowPool[] {
  return tables.flatMap(({ split, kind, windows }, shard) =>
    split === "train" && (group === undefined || negativeGroupOf(kind) === group)
      ? [{ shard, windows: windows.select(outcome) }]
      : [],
  );
}
