import * as z from "zod";
import { SAMPLE_RATE_HZ, CallsignError } from "@callsign/audio/internal";
import { parseStrict } from "./strict-schema.ts";

/** Identifier of the log-mel definition; a change of its parameters requires a new one. */
export const FRONTEND_ID = "callsign-log-mel-1";

// Zod compiles schemas with `new Function` and probes for it, which a page with a strict Content-Security-Policy reports as a
// violation. Off while the card's schema is created.
const { jitless } = z.config();
z.config({ jitless: true });

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256 as 64 lower-case hexadecimal digits");
const text = z.string().min(1).max(1000);
const label = z.string().min(1).max(200);
/** File name without folders: a card must not refer to files outside its own folder. */
const fileName = z
  .string()
  .max(200)
  .regex(/^(?!\.)[^/\\:\0]+$/, "expected a plain file name beside the card, without folders");

const windowing = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sliding-audio"),
    /** Samples per window: at least 76 log-mel frames ((76 - 1) * 160 + 512), too few for a second embedding. */
    windowLength: z.int().min(12_512).max(13_791),
    hopLength: z.int().min(1).max(16_000),
  }),
  z.strictObject({
    kind: z.literal("embedding-sequence"),
    /** Embeddings per example, 80 ms apart. */
    embeddings: z.int().min(1).max(1024),
    hopLength: z.literal(1280),
  }),
]);

/** One test-time-augmentation variant. */
const audioVariant = z.strictObject({
  /** Delay in samples. */
  delay: z.int().min(0).max(16_000),
  /** Gain in dB. */
  gainDb: z.number().min(-60).max(60),
});

/** Schema of test-time augmentation, for use in larger schemas. */
export const audioVariantsSchema = z.array(audioVariant).min(1).max(16);

const operatingPoint = z.strictObject({
  threshold: z.number().min(0).max(1),
  falseAcceptsPerHour: z.number().min(0),
  falseRejectRate: z.number().min(0).max(1),
});

const shape = z.strictObject({
  formatVersion: z.literal(
    1,
    "this version of Callsign reads formatVersion 1; a newer card needs a newer Callsign",
  ),
  name: text,
  labels: z.array(label).min(1).max(1000),
  classifier: z.strictObject({ file: fileName, sha256, bytes: z.int().min(1) }),
  frontend: z.strictObject({
    id: z.literal(FRONTEND_ID),
    floor: z.enum(["window", "chunk"]),
    embedding: z.strictObject({ id: z.enum(["google-speech-embedding", "callsign-embedding"]), sha256 }),
  }),
  /** Test-time augmentation: variants of the audio whose scores are averaged. Default the unchanged audio alone. */
  testTimeAugmentation: audioVariantsSchema.exactOptional(),
  audioScale: z.literal("int16"),
  sampleRateHz: z.literal(SAMPLE_RATE_HZ),
  windowing,
  decision: z.strictObject({
    /** Detection threshold of every label except the background. */
    thresholds: z.record(label, z.number().min(0).max(1)),
    /** Number of consecutive steps that must reach the threshold. */
    patience: z.int().min(1).max(10_000),
    refractorySeconds: z.number().min(0).max(86_400),
    /** Label of everything that is not a command: scored but never detected. */
    background: label.exactOptional(),
  }),
  /** Mute gate parameters (`MuteGatePolicy`). */
  gate: z
    .strictObject({
      release: z.number().min(0).max(1),
      holdSeconds: z.number().min(0).max(60),
      longestSeconds: z.number().positive().max(3600),
    })
    .exactOptional(),
  /** Sensitivity curve per label: thresholds from high to low with their error rates on validation audio. */
  operatingPoints: z.record(label, z.array(operatingPoint).min(1).max(1000)).exactOptional(),
  training: z.record(z.string(), z.unknown()).exactOptional(),
  data: z.array(z.strictObject({ name: text, licence: text, source: text.exactOptional() })).exactOptional(),
  createdBy: z.strictObject({ tool: text, version: text, gitCommit: text.exactOptional() }),
});

const schema = shape.superRefine((card, context) => {
  const complain = (path: PropertyKey[], message: string): void =>
    context.addIssue({ code: "custom", path, message });
  if (new Set(card.labels).size !== card.labels.length) complain(["labels"], "a label is listed twice");
  const { thresholds, background } = card.decision;
  if (background !== undefined && !card.labels.includes(background))
    complain(["decision", "background"], `${JSON.stringify(background)} is not among labels`);
  if (commandLabels(card).length === 0)
    complain(["decision", "background"], "the only label is the background, so nothing is left to detect");
  for (const name of commandLabels(card))
    if (!Object.hasOwn(thresholds, name))
      complain(["decision", "thresholds"], `no threshold for label ${JSON.stringify(name)}`);
  for (const name of Object.keys(thresholds))
    if (!card.labels.includes(name))
      complain(
        ["decision", "thresholds"],
        `threshold for ${JSON.stringify(name)}, which is not among labels`,
      );
  for (const name of Object.keys(card.operatingPoints ?? {}))
    if (!card.labels.includes(name))
      complain(["operatingPoints"], `points for ${JSON.stringify(name)}, which is not among labels`);
  const floor = FLOOR_OF[card.windowing.kind];
  if (card.frontend.floor !== floor)
    complain(
      ["frontend", "floor"],
      `windowing ${card.windowing.kind} needs floor ${floor}, got ${card.frontend.floor}`,
    );
});

z.config({ jitless });

/** Scope of the clamp per windowing: a fixed window is clamped as a whole, a stream per chunk, since it cannot know later maxima. */
const FLOOR_OF = { "sliding-audio": "window", "embedding-sequence": "chunk" } as const;

/** Model card, the content of `model.json`: classifier, front-end, windowing and decision parameters of a model. */
export type ModelCard = z.output<typeof schema>;

/** Windowing of the audio for the classifier. */
export type Windowing = ModelCard["windowing"];

/** Variant of the audio for test-time augmentation. */
export type AudioVariant = z.output<typeof audioVariant>;

/** Labels that can be detected: all except the background. */
export const commandLabels = ({ labels, decision }: Pick<ModelCard, "labels" | "decision">): string[] =>
  labels.filter((name) => name !== decision.background);

/** Number of embeddings per example. */
export const embeddingsOf = (windowing: Windowing): number =>
  windowing.kind === "embedding-sequence" ? windowing.embeddings : 1;

/**
 * Parses a model card from JSON text or a parsed value. Messages start with `name`, the file, and the path of the field, and
 * suggest a key for a misspelt one. @throws CallsignError `CARD_INVALID`
 */
export function parseModelCard(json: unknown, { name }: { readonly name: string }): ModelCard {
  const value = typeof json === "string" ? parseJson(json, name) : json;
  return parseStrict(schema, value, { name, code: "CARD_INVALID" });
}

/** Validates a card and formats it as JSON, keys in the schema's order, with a final newline. @throws CallsignError `CARD_INVALID` */
export function formatModelCard(card: ModelCard, { name }: { readonly name: string }): string {
  return `${JSON.stringify(parseModelCard(card, { name }), undefined, 2)}\n`;
}

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("CARD_INVALID", `${name}: not JSON: ${reason}`, { cause });
  }
}
