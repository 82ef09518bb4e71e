import { createRandom } from "@callsign/data/internal";
import { embeddingAgreement } from "@callsign/eval/internal";
import { describe, expect, it } from "vitest";

const ROWS = 4000;
const random = createRandom("agreement");
const teacher = Float32Array.from(
  { length: ROWS * 96 },
  (_, i) => (i % 96) + (1 + (i % 7)) * random.normal(),
);

describe("embeddingAgreement", () => {
  it("is perfect for the teacher itself", () => {
    expect(embeddingAgreement(teacher, teacher)).toMatchObject({ embeddings: ROWS, cosine: 1, r2: 1 });
  });

  it("explains nothing by the teacher's mean, and is as far off as it gets by its opposite", () => {
    const means = Float32Array.from({ length: 96 }, (_, d) => {
      let sum = 0;
      for (let row = 0; row < ROWS; row++) sum += teacher[row * 96 + d]!;
      return sum / ROWS;
    });
    expect(
      embeddingAgreement(
        teacher,
        teacher.map((_, i) => means[i % 96]!),
      ).r2,
    ).toBeCloseTo(0, 5);
    const opposite = teacher.map((value, i) => 2 * means[i % 96]! - value);
    const { cosine, r2 } = embeddingAgreement(teacher, opposite);
    expect(cosine).toBeCloseTo(-1, 5);
    expect(r2).toBeCloseTo(-3, 3);
  });

  it("of noise as strong as the signal explains nothing: R2 is 1 - noise / signal, the cosine 1 / sqrt 2", () => {
    const noisy = teacher.map((value, i) => value + (1 + (i % 7)) * random.normal());
    const { cosine, r2 } = embeddingAgreement(teacher, noisy);
    expect(r2).toBeCloseTo(0, 1);
    expect(cosine).toBeCloseTo(Math.SQRT1_2, 1);
  });
});
