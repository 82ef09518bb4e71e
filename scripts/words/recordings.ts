import * as z from "zod";
import { readYaml } from "./configs.ts";

const entry = z.looseObject({ source: z.looseObject({ licence: z.string() }) });
const recordingsSchema = z.strictObject({
  corpora: z.array(entry).optional(),
  noise: z.array(entry).optional(),
});

/** Recordings for the trainings, as in the `data` section of a config. */
export type Recordings = z.output<typeof recordingsSchema>;

/** Licences (SPDX identifiers) under which weights made from recordings may be passed on. */
const REDISTRIBUTABLE = /^(?:CC0-1\.0|CC-BY-[34]\.0|Apache-2\.0|MIT|LicenseRef-public-domain-waiver)$/;

export const readRecordings = (file: string): Recordings => recordingsSchema.parse(readYaml(file));

/** @throws Error for a licence that does not allow weights to be redistributed, or that is not known to */
export function checkLicences({ corpora = [], noise = [] }: Recordings, file = ""): void {
  for (const { source } of [...corpora, ...noise])
    if (!REDISTRIBUTABLE.test(source.licence))
      throw new Error(
        `${file}: ${JSON.stringify(source["name"] ?? source["path"])} has the licence ${JSON.stringify(source.licence)}; ready words are ` +
          `redistributed, so expected CC0-1.0, CC-BY-3.0, CC-BY-4.0, Apache-2.0, MIT or LicenseRef-public-domain-waiver. Leave these recordings out`,
      );
}

/** A config with the recordings in its `data` section. */
export function mergeRecordings(config: unknown, recordings: Recordings): unknown {
  const { data = {}, ...rest } = config as { readonly data?: object };
  return { ...rest, data: { ...data, ...recordings } };
}
