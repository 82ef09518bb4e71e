import type { Random } from "../../random.ts";
import { SENTENCE_TEMPLATES } from "./templates.ts";
import { SENTENCE_WORDS } from "./words.ts";

/** Draws an everyday sentence, sometimes two in a row, out of millions. Lower case except for names, no digits. */
export function drawSentence(random: Random): string {
  const sentence = fill(random.choice(SENTENCE_TEMPLATES), random);
  if (random.next() >= SECOND_SENTENCE) return sentence;
  return `${sentence.replace(/\?$/, "")}, ${random.choice(JOINS)} ${fill(random.choice(SENTENCE_TEMPLATES), random)}`;
}

const SECOND_SENTENCE = 0.15;
const JOINS = ["and", "but", "because", "so", "although"] as const;

/** Draws `count` words from a list, without grammar, so that any sound may follow any other. */
export function drawRandomWords(
  words: readonly string[],
  { count, random }: { count: number; random: Random },
): string {
  return Array.from({ length: count }, () => random.choice(words)).join(" ");
}

/** Every single word the sentences use, lower case, in the order of the lists: everyday words for random texts. */
export const EVERYDAY_WORDS: readonly string[] = everydayWords();

const wordLists: Readonly<Record<string, readonly string[]>> = SENTENCE_WORDS;

function fill(template: string, random: Random): string {
  return template.replaceAll(/\{[^}]*\}s?/g, (field) => fillField(field, random));
}

/** `{thing}`, `{thing}s` or `{a thing}`. */
function fillField(field: string, random: Random): string {
  const plural = field.endsWith("s");
  const article = field.startsWith("{a ");
  const slot = field.slice(article ? 3 : 1, field.indexOf("}"));
  const drawn = random.choice(wordLists[slot] ?? [field]);
  const words = plural ? pluralOf(drawn) : drawn;
  return article ? `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}` : words;
}

/** Irregular plurals (sheep, goose) come out regular: they read oddly but sound like English. */
function pluralOf(noun: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return `${noun}es`;
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return `${noun}s`;
}

function everydayWords(): string[] {
  const text = [...SENTENCE_TEMPLATES, ...Object.values(SENTENCE_WORDS).flat()]
    .join(" ")
    .replaceAll(/\{[^}]*\}s?/g, " ");
  return [...new Set(text.toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g))];
}
