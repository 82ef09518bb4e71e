import { createRequire } from "node:module";
import { CallsignError } from "@callsign/audio/internal";

/** The part of sherpa-onnx-node used here; it ships JSDoc, no types. */
export interface SherpaTts {
  readonly numSpeakers: number;
  readonly sampleRate: number;
  generateAsync(request: {
    readonly text: string;
    readonly sid: number;
    readonly speed: number;
    readonly enableExternalBuffer: boolean;
  }): Promise<{ readonly samples: Float32Array; readonly sampleRate: number }>;
}

/** The module as a whole. */
export interface Sherpa {
  readonly OfflineTts: new (config: object) => SherpaTts;
}

/** @throws CallsignError `DEPENDENCY_MISSING`; the function returned: `MODEL_INVALID` */
export function loadSherpa(loadPackage: () => Sherpa = requirePackage): (config: object) => SherpaTts {
  let sherpa: Sherpa;
  try {
    sherpa = loadPackage();
  } catch (cause) {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      "vits: the optional package sherpa-onnx-node does not load on this machine; install it: " +
        "npm install sherpa-onnx-node@1.13.8",
      { cause },
    );
  }
  return (config) => {
    try {
      return new sherpa.OfflineTts(config);
    } catch (cause) {
      throw new CallsignError(
        "MODEL_INVALID",
        `vits: sherpa-onnx refused the model (its reason went to stderr): ${String(cause)}; config ${JSON.stringify(config)}`,
        { cause },
      );
    }
  };
}

const requirePackage = (): Sherpa => createRequire(import.meta.url)("sherpa-onnx-node");
