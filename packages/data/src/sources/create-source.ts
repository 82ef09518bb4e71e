import { parseStrict } from "@callsign/infer/internal";
import * as z from "zod";

import { clipConfig, createClipSource } from "./clip.ts";
import type { ClipSource } from "./clip-source.ts";
import {
  commonVoiceConfig,
  createCommonVoiceSource,
  type HubEnvironment,
} from "./common-voice/common-voice.ts";
import { createFolderSource, folderConfig } from "./folder.ts";
import { createImpulseResponseSource, impulseResponsesConfig } from "./impulse-responses.ts";
import { createNoiseSource, noiseConfig } from "./noise.ts";

/** Config of any source; `kind` says which. */
export const sourceConfig = z.discriminatedUnion("kind", [
  clipConfig,
  commonVoiceConfig,
  folderConfig,
  impulseResponsesConfig,
  noiseConfig,
]);

/** Config of any source, every field filled in. */
export type SourceConfig = z.output<typeof sourceConfig>;

/** Creates the source of a config. `hub` is needed by sources that read from one. @throws CallsignError CONFIG_INVALID */
export function createSource(
  input: z.input<typeof sourceConfig>,
  environment: { readonly hub?: HubEnvironment | undefined } = {},
): ClipSource {
  const config = parseStrict(sourceConfig, input, { name: "source", code: "CONFIG_INVALID" });
  switch (config.kind) {
    case "clip":
      return createClipSource(config);
    case "common-voice":
      return createCommonVoiceSource(config, environment);
    case "folder":
      return createFolderSource(config);
    case "impulse-responses":
      return createImpulseResponseSource(config);
    case "noise":
      return createNoiseSource(config);
    default:
      return config satisfies never;
  }
}
