import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { ClipRow } from "../../../src/sources/common-voice/clip-row.ts";
import { poolRows } from "../../../src/sources/common-voice/row-pool.ts";
import { ClipSelection, type SelectionRules } from "../../../src/sources/common-voice/selection.ts";

const RULES: SelectionRules = {
  count: 10,
  seed: 0,
  clipsPerSpeaker: 2,
  minSeconds: 1,
  maxSeconds: 5,
  language: "en",
  excludePhrases: ["stop it"],
};

const row = (clip: string, speaker = "s", more: Partial<ClipRow> = {}): ClipRow => ({
  clip,
  speaker,
  sentence: "words",
  locale: "en",
  place: clip,
  ...more,
});

async function* table(rows: readonly ClipRow[]): AsyncGenerator<ClipRow> {
  for (const one of rows) yield one;
}

describe("ClipSelection", () => {
  it("looks at language, words and a known length", () => {
    const suits = (more: Partial<ClipRow>): boolean => new ClipSelection(RULES).suits(row("a", "s", more));
    expect([
      suits({}),
      suits({ locale: "" }),
      suits({ locale: "EN" }),
      suits({ durationSeconds: 5 }),
    ]).toEqual([true, true, true, true]);
    expect([suits({ locale: "de" }), suits({ sentence: " " }), suits({ sentence: "Stop it!" })]).toEqual([
      false,
      false,
      false,
    ]);
    expect([suits({ durationSeconds: 0.9 }), suits({ durationSeconds: 5.1 })]).toEqual([false, false]);
  });

  it("names the clips that only a phrase keeps out, each once", () => {
    const selection = new ClipSelection(RULES);
    for (const clip of ["a", "b", "b"]) selection.suits(row(clip, "s", { sentence: "Stop it, please." }));
    selection.suits(row("c", "s", { sentence: "stop it", locale: "de" }));
    expect([...selection.withPhrase]).toEqual(["a", "b"]);
  });

  it("never takes more than is wanted, and gives a place back when a clip turns out unfit", () => {
    const selection = new ClipSelection({ ...RULES, count: 3 });
    const queue = [row("1", "a"), row("2", "a"), row("3", "a"), row("4", "b"), row("5", "b"), row("6", "c")];
    const names = (rows: readonly ClipRow[]): string => rows.map(({ clip }) => clip).join("");
    const first = selection.take(queue);
    expect(names(first)).toBe("124");
    expect(names(queue)).toBe("356");
    expect(first.map((one) => selection.accept(one, one.clip === "1" ? 9 : 2))).toEqual([false, true, true]);
    const second = selection.take(queue);
    expect(names(second)).toBe("3");
    expect(selection.accept(second[0]!, 2)).toBe(true);
    expect(selection.remaining).toBe(0);
    expect(selection.accept(row("7", "d"), 2)).toBe(false);
    // Speaker a has had two clips: none of hers would stay in the queue.
    expect(selection.take([row("8", "a")])).toEqual([]);
  });

  it("ends with all it may have, whatever turns out unfit", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean()), { maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        (clips, count) => {
          const selection = new ClipSelection({ ...RULES, count });
          const queue = clips.map(([speaker], i) => row(String(i), String(speaker)));
          const accepted = new Map<string, number>();
          while (queue.length > 0 && selection.remaining > 0)
            for (const one of selection.take(queue))
              if (selection.accept(one, clips[Number(one.clip)]![1] ? 2 : 99))
                accepted.set(one.speaker, (accepted.get(one.speaker) ?? 0) + 1);
          const fit = new Map<string, number>();
          for (const [speaker, good] of clips)
            if (good) fit.set(String(speaker), Math.min(2, (fit.get(String(speaker)) ?? 0) + 1));
          const sum = (counts: Map<string, number>): number =>
            [...counts.values()].reduce((total, n) => total + n, 0);
          expect(sum(accepted)).toBe(Math.min(count, sum(fit)));
          expect(Math.max(0, ...accepted.values())).toBeLessThanOrEqual(2);
        },
      ),
      { seed: 1 },
    );
  });
});

describe("poolRows", () => {
  it("gives, pool by pool, one seeded order of the whole table, whatever order the table has", async () => {
    const selection = new ClipSelection(RULES);
    const rows = Array.from({ length: 100 }, (_, i) => row(`clip${i}`));
    const pools = async (source: readonly ClipRow[], size: number): Promise<string[]> => {
      const found: string[] = [];
      let after: number | undefined;
      do {
        const pool = await poolRows(table(source), { selection, after, size });
        expect(pool.rows.length).toBeLessThanOrEqual(size);
        found.push(...pool.rows.map(({ clip }) => clip));
        after = pool.next;
      } while (after !== undefined);
      return found;
    };
    const whole = await pools(rows, 1000);
    expect(new Set(whole).size).toBe(100);
    expect(whole).not.toEqual(rows.map(({ clip }) => clip));
    expect(await pools(rows, 7)).toEqual(whole);
    expect(await pools(rows.toReversed(), 30)).toEqual(whole);
  });

  it("leaves out what does not suit", async () => {
    const rows = [row("a"), row("b", "s", { locale: "de" })];
    const pool = await poolRows(table(rows), { selection: new ClipSelection(RULES) });
    expect(pool).toEqual({ rows: [rows[0]], next: undefined });
  });
});
