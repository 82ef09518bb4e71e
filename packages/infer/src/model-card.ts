import * as z from "zod";
import { CallsignError } from "./errors.ts";
import { parseStrict } from "./strict-schema.ts";

/** Name of the log-mel definition every model here reads; a change of its numbers is a new name. */
export const FRONTEND_ID = "callsign-log-mel-1";

/** Sample rate of every model here, in hertz. */
export const SAMPLE_RATE_HZ = 16_000;

// Zod compiles schemas with `new Function`, if only to see whether it may; a page with a strict Content-Security-Policy
// reports that as a violation. Off while the card's schema is made.
const { jitless } = z.config();
z.config({ jitless: true });

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256 as 64 lower-case hexadecimal digits");
const text = z.string().min(1).max(1000);
const label = z.string().min(1).max(200);
/** A bare name: a card must not lead out of its own folder. */
const fileName = z
  .string()
  .max(200)
  .regex(/^(?!\.)[^/\\:\0]+$/, "expected a plain file name beside the card, without folders");

const windowing = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sliding-audio"),
    /** Samples read at each step: at least 76 log-mel frames ((76 - 1) * 160 + 512), fewer than a second embedding needs. */
    windowLength: z.int().min(12_512).max(13_791),
    hopLength: z.int().min(1).max(16_000),
  }),
  z.strictObject({
    kind: z.literal("embedding-sequence"),
    /** Embeddings the classifier reads at once, each 80 ms after the last. */
    embeddings: z.int().min(1).max(1024),
    hopLength: z.literal(1280),
  }),
]);

/** One way to hear the same audio. */
const audioCopy = z.strictObject({
  /** So many samples later than it comes. */
  delay: z.int().min(0).max(16_000),
  /** Louder by so much. */
  gainDb: z.number().min(-60).max(60),
});

/** Test-time augmentation, for a larger schema to embed. */
export const audioCopiesSchema = z.array(audioCopy).min(1).max(16);

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
  /** Copies of the audio that are heard together, their scores averaged; without it the audio as it is. */
  testTimeAugmentation: audioCopiesSchema.exactOptional(),
  audioScale: z.literal("int16"),
  sampleRateHz: z.literal(SAMPLE_RATE_HZ),
  windowing,
  decision: z.strictObject({
    /** Lowest score that counts, for every label but the background. */
    thresholds: z.record(label, z.number().min(0).max(1)),
    /** Steps in a row that must reach the threshold. */
    patience: z.int().min(1).max(10_000),
    refractorySeconds: z.number().min(0).max(86_400),
    /** The label of everything that is no command: its score is reported and never becomes a detection. */
    background: label.exactOptional(),
  }),
  /** How a gate behaves beside the thresholds (`GatePolicy`). */
  gate: z
    .strictObject({
      release: z.number().min(0).max(1),
      holdSeconds: z.number().min(0).max(60),
      longestSeconds: z.number().positive().max(3600),
    })
    .exactOptional(),
  /** For every label, thresholds from high to low and what each came to on validation audio: the detector's sensitivity curve. */
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

/** A fixed window has one clamp for all its frames; a stream cannot know a later maximum, so it has one per chunk. */
const FLOOR_OF = { "sliding-audio": "window", "embedding-sequence": "chunk" } as const;

/** What a model is, how its features are made and how its scores become detections: the content of `model.json`. */
export type ModelCard = z.output<typeof schema>;

/** How audio is cut for the classifier. */
export type Windowing = ModelCard["windowing"];

/** A copy of the audio that a model hears (test-time augmentation). */
export type AudioCopy = z.output<typeof audioCopy>;

/** Labels that can be detected: all but the background. */
export const commandLabels = ({ labels, decision }: Pick<ModelCard, "labels" | "decision">): string[] =>
  labels.filter((name) => name !== decision.background);

/** Embeddings that one score is read from. */
export const embeddingsOf = (windowing: Windowing): number =>
  windowing.kind === "embedding-sequence" ? windowing.embeddings : 1;

/**
 * Reads a model card from JSON text or from a parsed value. `name` (the file) begins every message, followed by the
 * field path; a misspelt key comes with a suggestion. @throws CallsignError `CARD_INVALID`
 */
export function parseModelCard(json: unknown, { name }: { readonly name: string }): ModelCard {
  const value = typeof json === "string" ? parseJson(json, name) : json;
  return parseStrict(schema, value, { name, code: "CARD_INVALID" });
}

/** The card as JSON text, checked first, keys in the schema's order, ending in a newline. @throws `CARD_INVALID` */
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
