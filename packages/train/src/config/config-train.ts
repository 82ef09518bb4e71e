import { audioVariantsSchema } from "@callsign/infer/internal";
import * as z from "zod";

import { ARCHITECTURES } from "../models/create-architecture.ts";

const count = (value: number, what: string, { min = 1, max = 1_000_000 } = {}) =>
  z.int().min(min).max(max).default(value).describe(what);
const share = (value: number, what: string) => z.number().min(0).max(1).default(value).describe(what);
const factor = (value: number, what: string) => z.number().min(0).max(1000).default(value).describe(what);

const auto = <Value extends z.ZodType>(value: Value) => z.union([z.literal("auto"), value]).default("auto");

const architecture = z.strictObject({
  name: z
    .enum([...ARCHITECTURES, "auto"])
    .default("auto")
    .describe(
      "`mlp` reads one embedding, the others a sequence. `auto`: mlp for sliding-audio, else conv-attention.",
    ),
  width: z
    .int()
    .min(4)
    .max(1024)
    .optional()
    .describe("Channels of the hidden layers. Default 128 for mlp and dnn, else 64."),
  blocks: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe("Hidden layers of an mlp after its first. Default 32, as published."),
  members: z
    .int()
    .min(1)
    .max(8)
    .default(1)
    .describe(
      "Networks that are trained side by side and whose logits are averaged. Two take twice as long to train.",
    ),
  positions: z
    .boolean()
    .optional()
    .describe("Adds a learned vector for each position in the window; for conv-attention. Default false."),
  pooling: z
    .enum(["mean", "attention", "last"])
    .optional()
    .describe(
      "How conv-attention reduces the steps to one vector: `mean`, mean weighted by `attention`, or the `last` step. Default mean.",
    ),
});

const labelling = z.strictObject({
  policy: z
    .enum(["auto", "whole-phrase", "early"])
    .default("auto")
    .describe(
      "`whole-phrase`: a window is positive after the end of the phrase. `early`: from its first syllable on. `auto`: early for sliding-audio, else whole-phrase.",
    ),
  heardFraction: share(
    0,
    "Share of the phrase that a positive window must contain, 0 to 1; for `early` only.",
  ),
  ignoreSeconds: z
    .number()
    .min(0)
    .max(60)
    .optional()
    .describe(
      "Seconds after `data.afterSeconds` during which a window is neither positive nor negative. Default 0.1 for early; for whole-phrase, as long as the window contains any part of the phrase.",
    ),
});

const weight = (value: number, what: string) => z.number().min(0).max(1e6).default(value).describe(what);

const shares = z
  .strictObject({
    nearMiss: weight(0.2, "Phrases that sound like one to detect, and phrases with their words swapped."),
    partial: weight(0.2, "Parts of phrases."),
    people: weight(10, "People's speech: `data.corpora` and recordings."),
    synthetic: weight(6, "Synthesized talk: sentences, random words, other languages."),
    noise: weight(4, "Noise without speech."),
    scenes: weight(1.2, "Scenes: talk with phrases in it; their windows without a phrase."),
    own: weight(0.3, "Your own texts: `data.negatives.own`."),
    around: weight(0.1, "Windows of positive clips before or after the phrase."),
  })
  .refine(
    (weights) => Object.values(weights).some((weight) => weight > 0),
    "expected a share above 0, got none",
  )
  .prefault({})
  .describe(
    "Share of each kind in the negatives of every batch, as weights on any scale. The share of a kind without windows goes to the others in proportion; 0 leaves a kind out.",
  );

const batch = z.strictObject({
  positives: count(
    128,
    "Positive windows in a batch, of each label in turn, also across batches if there are more labels.",
  ),
  negatives: count(384, "Negative windows in a batch."),
  shares,
});

const loss = z.strictObject({
  kind: z
    .enum(["cross-entropy", "focal"])
    .default("cross-entropy")
    .describe("Loss of independent sigmoids, one per label."),
  gamma: z.number().min(0).max(10).default(2).describe("Exponent of the focal loss."),
  labelSmoothing: share(0, "Label smoothing: share by which targets are moved towards one half."),
  positiveWeight: factor(1, "Factor on the loss of positive windows."),
  negativeWeight: factor(1, "Initial factor on the loss of negative windows."),
  mostNegativeWeight: factor(
    8,
    "Largest factor on the loss of negative windows that `raiseNegativeWeight` reaches.",
  ),
  raiseNegativeWeight: z
    .number()
    .min(1)
    .max(10)
    .default(1)
    .describe(
      "Factor on the negative weight after an epoch whose false accepts exceed the target; 1 never raises it.",
    ),
});

const mixup = z.strictObject({
  probability: share(0, "Share of the batches whose embeddings are mixed in pairs."),
  alpha: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.2)
    .describe("Mixing shares are drawn from Beta(alpha, alpha)."),
});

const optimizer = z.strictObject({
  learningRate: z
    .union([z.literal("auto"), z.number().positive().max(1)])
    .default("auto")
    .describe("Peak learning rate of AdamW. `auto`: 1e-4 for an mlp deeper than 8, else 1e-3."),
  warmUp: share(
    0.2,
    "Share of the steps over which the learning rate rises linearly; then it falls along half a cosine.",
  ),
  final: share(0, "Learning rate at the last step as a share of the peak."),
  weightDecay: z.number().min(0).max(1).default(0.01).describe("Decoupled weight decay."),
  clipNorm: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe("Maximum gradient norm; larger gradients are scaled down to it."),
});

const mining = z.strictObject({
  everyEpochs: count(0, "Epochs between searches for hard negatives; 0 for none.", {
    min: 0,
    max: 10_000,
  }),
  keep: count(
    5000,
    "Number of hard negative windows kept, drawn by score from people's and synthetic talk, noise and scenes, at most two per clip.",
  ),
  maxWindows: count(
    2_000_000,
    "Windows searched at a time, 44 hours; of more, whole shards are drawn anew for each search.",
    { min: 1, max: 1e9 },
  ),
  share: share(0.3, "Share of a batch's negatives drawn from the hard ones."),
});

const selection = z.strictObject({
  goal: z
    .enum(["auto", "detection", "gate"])
    .default("auto")
    .describe(
      "Selection criterion. `detection`: fewest missed phrases at a rate of false accepts. `gate`: least expected cost of muting too much and too little. `auto`: gate for early labels, else detection.",
    ),
  falseAcceptsPerHour: z
    .number()
    .positive()
    .max(1000)
    .default(0.5)
    .describe(
      "Target rate of false accepts per hour of talk, for `detection`; of people's talk if the validation split has ten minutes of it. Rates too low to be counted are extrapolated from the highest-scoring false accepts, down to a quarter of one in all that talk; lower targets are raised to it.",
    ),
  missedCost: auto(z.number().positive().max(1e6)).describe(
    "Cost of a window of a phrase that is not muted, relative to 1 for a needless mute; for `gate`. `auto`: (1 - `phraseShare`) / `phraseShare`, which is 18 for a gate.",
  ),
  phraseShare: auto(z.number().gt(0).lt(1)).describe(
    "Share of the time in use during which a phrase is being said; calibrated scores are probabilities under it. `auto`: 1/19 for a gate, else 0.001.",
  ),
  patience: count(1, "Steps in a row that must reach the threshold.", { max: 100 }),
  refractorySeconds: auto(z.number().min(0).max(60)).describe(
    "Seconds after a detection in which the same label is not detected again. `auto`: the length of the window, at least 1, so that a phrase is detected once.",
  ),
  calibration: z
    .enum(["platt", "none"])
    .default("platt")
    .describe("`platt`: calibrates scores to probabilities on the validation split (Platt scaling)."),
  stopAfterEpochs: count(0, "Epochs without improvement after which training stops; 0 never stops early.", {
    min: 0,
    max: 100_000,
  }),
  average: count(3, "Number of best epochs whose weights are averaged.", { max: 50 }),
});

/** Schema of the section `train` of a detector's config. */
export const trainSectionSchema = z.strictObject({
  seed: z
    .union([z.string().max(200), z.int()])
    .optional()
    .describe("Seed of initial weights and batches. Default: the config's seed."),
  architecture: architecture.prefault({}).describe("The network."),
  labelling: labelling.prefault({}).describe("Which windows are positive."),
  epochs: count(20, "Epochs; each ends with a validation, a line in the log and a checkpoint."),
  stepsPerEpoch: count(200, "Batches in an epoch."),
  batch: batch.prefault({}).describe("Windows in a batch."),
  loss: loss.prefault({}).describe("Loss function."),
  mixup: mixup.prefault({}).describe("Mixed examples."),
  noise: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe("Gaussian noise added to embeddings, in standard deviations of each value over the batch."),
  offset: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      "Gaussian noise shared by all embeddings of a window, in the same unit: imitates another voice or room.",
    ),
  noiseShape: z
    .enum(["round", "people"])
    .default("round")
    .describe(
      "Covariance of `noise` and `offset`. `round`: independent values. `people`: as people's speech in the training data differs, `noise` within recordings and `offset` between them, with the same total variance.",
    ),
  averageDecay: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      "Decay of an exponential moving average of the weights, such as 0.999, which validation and the best epochs then use. 0: no average.",
    ),
  optimizer: optimizer.prefault({}).describe("Optimiser (AdamW) and learning-rate schedule."),
  mining: mining.prefault({}).describe("Hard negatives."),
  selection: selection.prefault({}).describe("Choice of the best epochs and of the threshold."),
  testTimeAugmentation: audioVariantsSchema
    .optional()
    .describe(
      "Copies of the audio, each `delay` samples later and `gainDb` louder, whose scores the detector averages; written to the card. Validation uses the unchanged audio.",
    ),
  backend: z
    .string()
    .min(1)
    .max(50)
    .default("auto")
    .describe("Backend: auto, tensorflow-gpu, onnxruntime, tensorflow, webgpu, wasm or cpu."),
  memoryMiB: count(
    512,
    "Memory for features, in MiB; those that do not fit are read from the disk, window by window.",
    { min: 16, max: 65_536 },
  ),
});

/** Schema of the section `evaluation`. */
export const evaluationSchema = z.strictObject({
  clip: z
    .string()
    .min(1)
    .describe(
      "Recording to score the detector on by the challenge's rules. A path, from the config's folder.",
    ),
  truth: z.string().min(1).describe("Truth file (JSON) with the positions of the commands."),
  prime: z.string().min(1).optional().describe("Recording fed to the detector before the clip."),
  fromSample: z
    .int()
    .min(0)
    .optional()
    .describe("First sample of a part that is also scored separately, such as the part not trained on."),
});

/** Section `train` with all defaults applied. */
export type TrainConfig = z.output<typeof trainSectionSchema>;

/** Section `evaluation` with all defaults applied. */
export type EvaluationConfig = z.output<typeof evaluationSchema>;
