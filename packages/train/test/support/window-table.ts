import { createLabelPolicy, type ShardWindows } from "@callsign/data/internal";
import { WindowTable } from "@callsign/train/internal";

/** A table of windows, by default near no phrase, labelled once the whole phrase was heard. */
export const windowTable = (windows: Pick<ShardWindows, "clipWindows" | "clipRow"> & Partial<ShardWindows>) =>
  new WindowTable(
    {
      nearWindow: new Int32Array(),
      nearLabel: new Int32Array(),
      nearHeard: new Float32Array(),
      nearSinceEnd: new Int32Array(),
      ...windows,
    },
    createLabelPolicy({ policy: "whole-phrase", heardFraction: 1, afterSeconds: 0.2 }),
  );
