/** The ready words of @callsign/words and their configs. */
import { type RecipeBudget, writeRecipe } from "@callsign/train/internal";

/** A ready detector: its name, and its phrases by label. */
export interface Word {
  readonly name: string;
  readonly phrases: Readonly<Record<string, string>>;
  /** Embeddings in a window, 80 ms apart, as `callsign new` chooses them for these phrases. */
  readonly embeddings: number;
}

export const WORDS: readonly Word[] = [
  { name: "computer", phrases: { computer: "computer" }, embeddings: 16 },
  { name: "hey-computer", phrases: { "hey computer": "hey computer" }, embeddings: 16 },
  // The dictionary has "call" and "sign", so the voices need not guess.
  { name: "okay-callsign", phrases: { "okay callsign": "okay call sign" }, embeddings: 18 },
  { name: "stop", phrases: { stop: "stop" }, embeddings: 16 },
  { name: "yes-no", phrases: { yes: "yes", no: "no" }, embeddings: 16 },
  {
    name: "galactic",
    phrases: {
      "galactic oxygen": "galactic oxygen",
      "galactic temperature": "galactic temperature",
      "galactic battery": "galactic battery",
    },
    embeddings: 22,
  },
];

/**
 * Config of a ready word: the recipe of `callsign new` on Callsign's embedding, in the voices whose output may be used for
 * anything and that have many speakers (espeak, flite, Pico).
 */
export function wordConfig({ name, phrases, embeddings }: Word, budget: RecipeBudget): string {
  const recipe = writeRecipe({
    phrases: Object.values(phrases),
    budget,
    seed: "1",
    name,
    embeddings,
    engines: [{ kind: "espeak" }, { kind: "flite" }, { kind: "pico" }],
  });
  const [, ...body] = recipe.split("\nname: ");
  let text = [
    `# The ready word ${JSON.stringify(name)} of @callsign/words; \`npm run word-configs\` writes this file by the recipe of callsign new.`,
    `# Recordings of people come from the command line: npm run build-words -- --recordings FILE`,
    `name: ${body.join("\nname: ")}`,
  ].join("\n");
  for (const [label, phrase] of Object.entries(phrases))
    text = text.replace(`{ label: "${phrase}", `, `{ label: "${label}", `);
  const embedding =
    "# Callsign's embedding, which @callsign/infer contains.\nfrontend: { embedding: callsign-embedding }";
  text = text.replace("\n\n# What a detection", `\n\n${embedding}\n\n# What a detection`);
  const splits =
    "  # A tenth of the voices is kept for conversations that measure the word.\n  splits: { train: 0.7, validation: 0.2, test: 0.1 }";
  return text.replace("\n\ntrain:\n", `\n${splits}\n\ntrain:\n`);
}
