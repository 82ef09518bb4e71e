import { buildShares, partition, type Split } from "../../split.ts";
import type { ManifestClip } from "../../store/manifest.ts";
import { PEOPLE } from "../../store/clip-set.ts";
import type { BuildContext } from "../build-context.ts";
import type { CorpusSet } from "./corpus-sets.ts";

/** A clip of a corpus before its split is known. */
export type CorpusClip = Omit<ManifestClip, "split">;

/**
 * Assigns a split to each clip of a corpus. All clips of a speaker are in one split, also across corpora: `known` has the
 * speakers of earlier corpora, and those of this one are added. A corpus of one new speaker is in `train`.
 */
export function splitCorpus(
  { config, onNote }: Pick<BuildContext, "config" | "onNote">,
  {
    set: { id, kind, split },
    clips,
    known,
  }: {
    readonly set: Pick<CorpusSet, "id" | "kind" | "split">;
    readonly clips: readonly CorpusClip[];
    readonly known: Map<string, Split>;
  },
): ManifestClip[] {
  if (split !== "auto") {
    for (const { speaker } of clips) known.set(speaker, known.get(speaker) ?? split);
    return clips.map((clip) => ({ ...clip, split }));
  }
  const { people, ...voices } = config.data.splits;
  const shares = PEOPLE.has(kind) ? { train: 1 - people, validation: people } : buildShares(voices);
  const found = new Set(clips.map(({ speaker }) => speaker));
  const added = [...found].filter((speaker) => !known.has(speaker));
  for (const [speaker, part] of partition(added, { seed: `${config.seed}/${id}`, shares }))
    known.set(speaker, part);
  if (found.size === 1 && shares.validation > 0 && kind !== "recording")
    onNote?.(
      `${id}: has one speaker or recording only, so all of it is in ${known.get(clips[0]!.speaker)!}; ` +
        "add a second one to have some in train and some in validation",
    );
  return clips.map((clip) => ({ ...clip, split: known.get(clip.speaker)! }));
}
