import { describe, expect, it } from "vitest";

import type { ClipSource, SourceClip } from "@callsign/data/internal";

import type { MadeClip } from "./corpora.ts";
import { hertzOf } from "./mp3.ts";
import { type Config, idsOf, type Place, readAll } from "./place.ts";

/** What a layout is tried with: the clips it holds, the place it lies in, and a source reading it. */
export interface LayoutCase {
  readonly name: string;
  readonly made: () => readonly MadeClip[];
  readonly place: () => Place;
  readonly open: (config?: Config) => Promise<ClipSource>;
}

const suits = ({ seconds, sentence }: MadeClip): boolean => seconds > 0.4 && !sentence.includes("Computer");

/** Selection rules every layout of Common Voice keeps to. */
export function describeLayout({ name, made, place, open }: LayoutCase): void {
  describe(`common-voice, ${name}`, () => {
    it("gives every clip that suits, with its own audio, words and speaker", async () => {
      const clips = await readAll(await open({ excludePhrases: ["hey computer"] }));
      const expected = made().filter(suits);
      expect(expected).toHaveLength(11);
      expect(idsOf(clips)).toEqual(expected.map(({ path }) => path).toSorted());
      for (const clip of clips) {
        const { hertz, client_id, sentence } = expected.find(({ path }) => path === clip.id)!;
        expect(Math.abs(hertzOf(clip.audio) - hertz)).toBeLessThan(1);
        expect(clip).toMatchObject({
          speaker: `common-voice/${client_id}`,
          text: sentence,
          licence: "CC0-1.0",
        });
        expect(clip.provenance.subset).toBe("train");
        // LAME pads to whole frames of 24 ms.
        expect(clip.audio.length / 16_000 - 0.6).toBeLessThan(0.1);
      }
    });

    it("keeps to count and clips a speaker, alike every time, but otherwise for another seed", async () => {
      const config = { count: 5, clipsPerSpeaker: 2 };
      const source = await open({ ...config, seed: 1 });
      const first = await readAll(source);
      expect(first).toHaveLength(5);
      const speakers = first.map(({ speaker }) => speaker);
      expect(
        Math.max(...speakers.map((one) => speakers.filter((other) => other === one).length)),
      ).toBeLessThanOrEqual(2);
      expect(await readAll(source)).toEqual(first);
      const other = await readAll(await open({ ...config, seed: 3 }));
      expect(idsOf(other)).not.toEqual(idsOf(first));
    });

    it("gives all of each speaker's share when more is asked for, and says that it is less", async () => {
      const notes: string[] = [];
      const clips: SourceClip[] = [];
      for await (const clip of (await open({ clipsPerSpeaker: 1 })).clips({
        onNote: (note) => notes.push(note),
      }))
        clips.push(clip);
      expect(new Set(clips.map(({ speaker }) => speaker)).size).toBe(4);
      expect(clips).toHaveLength(4);
      expect(notes).toEqual([
        expect.stringContaining("4 clips suit (0.4 to 1 s, at most 1 a speaker), 1000 were asked for"),
      ]);
    });

    it("passes over other lengths and languages, and says so when nothing is left", async () => {
      const short = await readAll(await open({ minSeconds: 0.1, maxSeconds: 0.4 }));
      expect(idsOf(short)).toEqual(
        made()
          .filter(({ seconds }) => seconds < 0.4)
          .map(({ path }) => path)
          .toSorted(),
      );
      expect(await place().failure(await open({ minSeconds: 5, maxSeconds: 6 }))).toMatchObject({
        code: "CORPUS_EMPTY",
      });
      const absent = await place().failure(await open({ language: "de" }));
      expect(absent.code).toBe("CORPUS_EMPTY");
      expect(absent.message).toContain("de");
    });

    it("stops when asked to", async () => {
      const stop = new AbortController();
      const clips = (await open()).clips({ signal: stop.signal });
      await clips.next();
      stop.abort();
      await expect(clips.next()).rejects.toMatchObject({ code: "ABORTED" });
    });
  });
}
