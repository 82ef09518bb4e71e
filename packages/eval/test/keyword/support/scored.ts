import type { ScoredRecording } from "@callsign/eval/internal";

/** A recording of half an hour with one score above 0. */
export const scored = (
  name: string,
  score: number,
  staged: Partial<ScoredRecording["staged"]> = {},
): ScoredRecording => ({
  recording: { path: name, name, source: "words", speaker: undefined },
  track: { name, scores: Float32Array.of(0, score, 0), hopMs: 80 },
  staged: {
    content: "word",
    mixedSnrDb: undefined,
    seconds: 1800,
    speechStartMs: 0,
    speechEndMs: 80,
    snrDb: undefined,
    noise: undefined,
    room: undefined,
    ...staged,
  },
});
