import * as z from "zod";

/** When most of a source cannot be read, it is not what it was taken for. */
export const DEFAULT_FAULT_SHARE = 0.5;

/** Config fields of every source whose recordings lie on this machine. */
export const recordingFields = {
  /** Folder (or, for a clip, file) the recordings are in. */
  path: z.string().min(1),
  /** What the manifest calls this source. Default: the kind and the folder's name. */
  name: z.string().min(1).max(200).exactOptional(),
  /** Licence of the recordings, an SPDX identifier where there is one; it goes with every clip and into the model card. */
  licence: z.string().min(1).max(200),
  /** Recordings that cannot be read are left out and named; above this share of them, 0 to 1, the source is refused. */
  mostFaultShare: z.number().min(0).max(1).default(DEFAULT_FAULT_SHARE),
};
