import { describe, expect, it } from "vitest";

import type { ClipFault, ClipSource, SourceClip } from "@callsign/data/internal";

/** How one adapter is put to the contract. */
export interface ContractCase {
  readonly name: string;
  /** A source of three clips or more, in order. */
  readonly good: () => Promise<ClipSource>;
  /** The same with one recording broken, and `mostFaultShare` as given; absent where a recording is all there is. */
  readonly broken?: (mostFaultShare: number) => Promise<ClipSource>;
  /** A source whose place does not exist. */
  readonly missing: () => Promise<ClipSource>;
  /** A config with its `licence` key misspelt as `licens`. */
  readonly misspelt: () => ClipSource;
}

/** What every source owes its readers, whatever it reads. */
export function describeClipSource({ name, good, broken, missing, misspelt }: ContractCase): void {
  describe(`clip source contract: ${name}`, () => {
    it("gives whole clips: audio in int16 magnitudes, an id of its own, where from and under which licence", async () => {
      const clips = await readAll(await good());
      expect(clips.length).toBeGreaterThanOrEqual(3);
      expect(new Set(clips.map(({ id }) => id)).size).toBe(clips.length);
      for (const clip of clips) {
        const peak = clip.audio.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
        expect(clip.audio).toBeInstanceOf(Float32Array);
        // Unit-scale audio would stay below 1.
        expect(peak).toBeGreaterThan(1000);
        expect(peak).toBeLessThanOrEqual(33_000);
        expect([clip.id, clip.licence, clip.source].every((text) => text.length > 0)).toBe(true);
        expect(Object.keys(clip.provenance).length).toBeGreaterThan(0);
        for (const value of Object.values(clip.provenance))
          expect(["string", "number", "boolean"]).toContain(typeof value);
      }
    });

    it("gives the same clips in the same order on every pass", async () => {
      const source = await good();
      const first = await readAll(source);
      expect(await readAll(source)).toEqual(first);
    });

    it("lets go when the reader has had enough, and can be read again", async () => {
      const source = await good();
      const [first] = await readAll(source);
      for await (const clip of source.clips()) {
        expect(clip).toEqual(first);
        break;
      }
      expect((await readAll(source))[0]).toEqual(first);
    });

    it("stops when asked to", async () => {
      const stop = new AbortController();
      const clips = (await good()).clips({ signal: stop.signal });
      await clips.next();
      stop.abort();
      await expect(clips.next()).rejects.toMatchObject({ name: "CallsignError", code: "ABORTED" });
    });

    it("says which place is not there", async () => {
      await expect(readAll(await missing())).rejects.toMatchObject({
        name: "CallsignError",
        code: "FILE_NOT_FOUND",
        message: expect.stringContaining("nowhere") as string,
      });
    });

    it("refuses a misspelt key with a suggestion", () => {
      expect(misspelt).toThrow(/unknown key "licens"; did you mean "licence"\?/);
    });

    if (broken === undefined) return;
    it("counts and names a broken recording, and refuses above the stated share", async () => {
      const faults: ClipFault[] = [];
      const whole = await readAll(await good());
      const rest = await readAll(await broken(0.5), faults);
      expect(faults).toHaveLength(1);
      expect(faults[0]!.error).toMatchObject({
        name: "CallsignError",
        code: expect.stringMatching(/^AUDIO_/) as string,
      });
      expect(faults[0]!.error.message).toContain(faults[0]!.place);
      expect(rest.length).toBeLessThanOrEqual(whole.length);
      expect(rest.length).toBeGreaterThan(0);
      await expect(readAll(await broken(0.01))).rejects.toMatchObject({
        code: "TOO_MANY_FAULTS",
        message: expect.stringContaining(faults[0]!.place) as string,
      });
    });
  });
}

async function readAll(source: ClipSource, faults: ClipFault[] = []): Promise<SourceClip[]> {
  const clips: SourceClip[] = [];
  for await (const clip of source.clips({ onFault: (fault) => faults.push(fault) })) clips.push(clip);
  return clips;
}
