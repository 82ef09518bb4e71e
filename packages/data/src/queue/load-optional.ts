import { CallsignError } from "@callsign/audio/internal";

/** Versions of the optional packages that Callsign is tested with. */
const VERSIONS: Readonly<Record<string, string>> = {
  bullmq: "6.7.0",
  ioredis: "6.0.0",
  "@aws-sdk/client-s3": "3.1175.0",
};

/** Imports an optional package. @throws CallsignError `DEPENDENCY_MISSING` with the command that installs it */
export async function loadOptional<Module>(
  name: string,
  { load, use }: { readonly load: () => Promise<unknown>; readonly use: string },
): Promise<Module> {
  try {
    return (await load()) as Module;
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0];
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `${use} needs the package ${name}, which does not load (${reason}): npm install ${name}@${VERSIONS[name]}`,
      { cause },
    );
  }
}
