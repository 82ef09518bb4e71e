import type { LessonFile, LessonStretch, LessonWord, Random } from "@callsign/data/internal";

/** A stretch of a lesson in a file. */
export interface DrawnStretch extends Omit<LessonStretch, "embeddings"> {
  readonly file: LessonFile;
  /** Word for which it was drawn. */
  readonly word?: LessonWord;
}

interface Draw {
  readonly random: Random;
  /** Length of a stretch. */
  readonly embeddings: number;
}

/** Draws `batch` stretches; with `paired`, half of them are pairs with a word in common. */
export function drawStretches(
  files: readonly LessonFile[],
  { batch, paired, ...draw }: Draw & { readonly batch: number; readonly paired: boolean },
): DrawnStretch[] {
  const drawn: DrawnStretch[] = [];
  const pairs = paired ? Math.floor(batch / 4) : 0;
  while (drawn.length < 2 * pairs) drawn.push(...drawPair(draw.random.choice(files), draw));
  while (drawn.length < batch) drawn.push(drawStretch(draw.random.choice(files), draw));
  return drawn;
}

const drawStretch = (file: LessonFile, { random, embeddings }: Draw): DrawnStretch => ({
  file,
  lesson: random.integer(0, file.lessons - 1),
  step: random.integer(0, file.steps - embeddings),
});

/** Two stretches with the same word, anywhere in them; without a word if the file has none that is said twice. */
function drawPair(file: LessonFile, draw: Draw): DrawnStretch[] {
  const { random, embeddings } = draw;
  const words = file.words
    .map((places) => places.filter(({ first, end }) => end - first <= embeddings))
    .filter(({ length }) => length > 1);
  if (words.length === 0) return [drawStretch(file, draw), drawStretch(file, draw)];
  const places = random.choice(words);
  const one = random.integer(0, places.length - 1);
  const other = (one + random.integer(1, places.length - 1)) % places.length;
  return [places[one]!, places[other]!].map((word) => {
    const latest = Math.min(word.first, file.steps - embeddings);
    const step = random.integer(Math.max(0, word.end - embeddings), latest);
    return { file, lesson: word.lesson, step, word };
  });
}
