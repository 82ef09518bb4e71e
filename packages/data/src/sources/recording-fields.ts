import * as z from "zod";

/** Config fields of every source whose recordings lie on this machine. */
export const recordingFields = {
  /** Folder (or, for a clip, file) the recordings are in. */
  path: z.string().min(1),
  /** What the manifest calls this source. Default: the kind and the folder's name. */
  name: z.string().min(1).max(200).exactOptional(),
  /** Licence of the recordings, an SPDX identifier where there is one; it goes with every clip and into the model card. */
  licence: z.string().min(1).max(200),
  /** Largest share of broken recordings, 0 to 1, before the source is refused. */
  mostFaultShare: z.number().min(0).max(1).default(0.02),
};
