import { audioVariantsSchema } from "@callsign/infer/internal";
import * as z from "zod";

import { ARCHITECTURES } from "../models/create-architecture.ts";

const count = (value: number, what: string, { min = 1, max = 1_000_000 } = {}) =>
  z.int().min(min).max(max).default(value).describe(what);
const share = (value: number, what: string) => z.number().min(0).max(1).default(value).describe(what);
const factor = (value: number, what: string) => z.number().min(0).max(1000).default(value).describe(what);

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
    .describe("Channels of the hidden layers. Without it the network's own: mlp 128, dnn 128, else 64."),
  blocks: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe("Hidden layers of an mlp after its first. Without it the published 32."),
});

const labelling = z.strictObject({
  policy: z
    .enum(["auto", "whole-phrase", "early"])
    .default("auto")
    .describe(
      "`whole-phrase`: a window is positive once the phrase is over. `early`: from its first syllable on. `auto`: early for sliding-audio, else whole-phrase.",
    ),
  heardFraction: share(0, "Only for `early`: the share of the phrase that must have been heard, 0 to 1."),
  afterSeconds: z
    .number()
    .min(0)
    .max(5)
    .optional()
    .describe(
      "A window is positive until so long after the phrase, in seconds. Without it 0.2 for whole-phrase, 0.05 for early.",
    ),
  ignoreSeconds: z
    .number()
    .min(0)
    .max(60)
    .optional()
    .describe(
      "And then neither positive nor negative for so long, in seconds. Without it as long as any of the phrase is in the window for whole-phrase, 0.1 for early.",
    ),
});

const batch = z.strictObject({
  positives: count(128, "Positive windows in a batch, as evenly over the labels as can be."),
  negatives: count(384, "Negative windows in a batch."),
});

const loss = z.strictObject({
  kind: z
    .enum(["cross-entropy", "focal"])
    .default("cross-entropy")
    .describe("Of independent sigmoids, one a label."),
  gamma: z.number().min(0).max(10).default(2).describe("Exponent of the focal loss."),
  labelSmoothing: share(0, "Share by which targets are drawn towards one half."),
  positiveWeight: factor(1, "Factor on the loss of positive windows."),
  negativeWeight: factor(1, "Factor on the loss of negative windows, at the start."),
  mostNegativeWeight: factor(8, "Largest factor it is raised to."),
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
    .describe("Shares of a pair are drawn from Beta(alpha, alpha)."),
});

const optimizer = z.strictObject({
  learningRate: z
    .union([z.literal("auto"), z.number().positive().max(1)])
    .default("auto")
    .describe("Highest rate of AdamW. `auto`: 1e-4 for an mlp deeper than 8, else 1e-3."),
  warmUp: share(0.2, "Share of the steps over which the rate rises; then it falls along half a cosine."),
  final: share(0, "Rate at the last step as a share of the highest."),
  weightDecay: z.number().min(0).max(1).default(0.01).describe("Decoupled weight decay."),
  clipNorm: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe("Longest gradient; longer ones are scaled down to it."),
});

const mining = z.strictObject({
  everyEpochs: count(0, "Epochs from one search for hard negatives to the next; 0 for none.", {
    min: 0,
    max: 10_000,
  }),
  keep: count(5000, "Hardest negative windows kept."),
  share: share(0.3, "Share of the negatives of a batch that is drawn from them."),
});

const selection = z.strictObject({
  goal: z
    .enum(["auto", "detection", "gate"])
    .default("auto")
    .describe(
      "What is best. `detection`: fewest missed phrases at a rate of false accepts. `gate`: least expected cost of muting too much and too little. `auto`: gate for early labels, else detection.",
    ),
  falseAcceptsPerHour: z
    .number()
    .positive()
    .max(1000)
    .default(0.5)
    .describe("Of detection: the target, per hour of stream."),
  missedCost: z
    .number()
    .positive()
    .max(1e6)
    .default(18)
    .describe("Of a gate: cost of a window of a phrase that is let through, against 1 for a needless mute."),
  phraseShare: z
    .number()
    .gt(0)
    .lt(1)
    .default(1 / 19)
    .describe(
      "Share of the time in which a phrase is being said where the detector is used: what a calibrated score refers to.",
    ),
  patience: count(1, "Steps in a row that must reach the threshold.", { max: 100 }),
  refractorySeconds: z
    .number()
    .min(0)
    .max(60)
    .default(1)
    .describe("How long a label stays silent after it was detected."),
  calibration: z
    .enum(["platt", "none"])
    .default("platt")
    .describe("`platt`: scores are made probabilities on the validation split."),
  stopAfterEpochs: count(0, "Epochs without a better one before training stops; 0 to go on to the end.", {
    min: 0,
    max: 100_000,
  }),
  average: count(3, "Best checkpoints whose weights are averaged.", { max: 50 }),
});

/** The section `train` of a detector's config. */
export const trainSectionSchema = z.strictObject({
  seed: z
    .union([z.string().max(200), z.int()])
    .optional()
    .describe("Decides first weights and batches. Without it the config's own seed."),
  architecture: architecture.prefault({}).describe("The network."),
  labelling: labelling.prefault({}).describe("Which windows are positive."),
  epochs: count(20, "Epochs; each ends with a validation, a line in the log and a checkpoint."),
  stepsPerEpoch: count(200, "Batches in an epoch."),
  batch: batch.prefault({}).describe("Windows in a batch."),
  loss: loss.prefault({}).describe("What is made small."),
  mixup: mixup.prefault({}).describe("Mixed examples."),
  noise: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      "Normal noise on the embeddings, in standard deviations of each of their values over the batch.",
    ),
  offset: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      "The same, but one for all embeddings of a window: as another voice or another room would shift them.",
    ),
  optimizer: optimizer.prefault({}).describe("How it is made small."),
  mining: mining.prefault({}).describe("Hard negatives."),
  selection: selection.prefault({}).describe("Choice of the best epochs and of the threshold."),
  testTimeAugmentation: audioVariantsSchema
    .optional()
    .describe(
      "For the card: copies of the audio, each `delay` samples later and `gainDb` louder, whose scores the detector averages. Validation hears the audio as it is.",
    ),
  backend: z
    .string()
    .min(1)
    .max(50)
    .default("auto")
    .describe("What calculates: auto, tensorflow-gpu, onnxruntime, tensorflow, webgpu, wasm or cpu."),
  memoryMiB: count(
    512,
    "Features kept in memory at once; with more, batches come from a part of the shards at a time.",
    { min: 16, max: 65_536 },
  ),
});

/** The section `evaluation`. */
export const evaluationSchema = z.strictObject({
  clip: z
    .string()
    .min(1)
    .describe(
      "Recording to score the detector on by the challenge's rules. A path, from the config's folder.",
    ),
  truth: z.string().min(1).describe("Where its commands lie (JSON)."),
  prime: z.string().min(1).optional().describe("Recording heard before the clip's first sample."),
  fromSample: z
    .int()
    .min(0)
    .optional()
    .describe("Score the part from this sample on, too: what was never trained on."),
});

/** How a detector is trained, every field filled in. */
export type TrainConfig = z.output<typeof trainSectionSchema>;

/** What a finished detector is scored on. */
export type EvaluationConfig = z.output<typeof evaluationSchema>;
