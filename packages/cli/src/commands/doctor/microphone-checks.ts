import { CallsignError } from "@callsign/audio/internal";
import { listMicrophones } from "@callsign/audio/node/internal";
import type { Check } from "./check.ts";

/** Checks which microphones `callsign listen` finds. */
export async function microphoneChecks(): Promise<Check[]> {
  const facts = { group: "microphone", name: "microphone", required: false } as const;
  try {
    const { through, microphones } = await listMicrophones();
    const names = microphones.map(({ name }) => name).join(", ");
    const found = microphones.length > 0;
    return [
      {
        ...facts,
        found,
        detail: found ? `${names} (through ${through})` : `none found through ${through}`,
        ...(!found && {
          fix: "plug one in; on Linux join the group audio, in a container give access to /dev/snd",
        }),
      },
    ];
  } catch (error) {
    if (!(error instanceof CallsignError)) throw error;
    return [{ ...facts, found: false, detail: error.message, fix: "npm install decibri" }];
  }
}
