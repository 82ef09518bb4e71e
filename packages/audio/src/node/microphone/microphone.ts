import { closestName } from "../../closest-name.ts";
import { CallsignError } from "../../errors.ts";
import { arecordMicrophones } from "./arecord-microphones.ts";
import { decibriMicrophones } from "./decibri-microphones.ts";
import type { MicrophoneAdapter, MicrophoneInfo, MicrophoneProgram } from "./microphone-adapter.ts";

export interface OpenMicrophoneOptions {
  /** Id, name, or part of a name. Default the system's default microphone. */
  readonly device?: string;
  /** Default decibri if it is installed and finds a microphone, arecord otherwise. */
  readonly through?: MicrophoneProgram;
  readonly signal: AbortSignal;
  /** Called whenever the device has sent nothing for another `noAudioSeconds`. */
  readonly onNoAudio?: () => void;
  /** Default 3. */
  readonly noAudioSeconds?: number;
}

/** Open microphone. */
export interface OpenMicrophone {
  /** Undefined for the system's default. */
  readonly info: MicrophoneInfo | undefined;
  readonly through: MicrophoneProgram;
  /** 16 kHz mono; ends when the signal aborts. */
  readonly chunks: AsyncGenerator<Int16Array>;
}

/** Lists the available microphones. @throws CallsignError `DEPENDENCY_MISSING` if neither decibri nor arecord is installed */
export async function listMicrophones(
  options: { readonly through?: MicrophoneProgram } = {},
): Promise<{ readonly through: MicrophoneProgram; readonly microphones: MicrophoneInfo[] }> {
  const adapter = await chooseAdapter(options.through);
  return { through: adapter.through, microphones: await adapter.list() };
}

/**
 * Opens a microphone.
 * @throws CallsignError `DEPENDENCY_MISSING` if neither decibri nor arecord is installed, `MICROPHONE_FAILED` with advice if there
 * is no such microphone or it cannot be opened
 */
export async function openMicrophone(options: OpenMicrophoneOptions): Promise<OpenMicrophone> {
  const adapter = await chooseAdapter(options.through);
  const known = await adapter.list();
  const { device, signal } = options;
  if (known.length === 0 && device === undefined)
    throw new CallsignError(
      "MICROPHONE_FAILED",
      `no microphone found through ${adapter.through}; plug one in, and check that the system lets this user record ` +
        `(on Linux: \`arecord -l\`, and be in group audio; in a container: pass /dev/snd on)`,
    );
  const info = device === undefined ? known.find((one) => one.isDefault) : find(device, known);
  const chunks = watched(adapter.open({ id: info?.id ?? device, signal }), options);
  return { info, through: adapter.through, chunks };
}

async function chooseAdapter(through: MicrophoneProgram | undefined): Promise<MicrophoneAdapter> {
  if (through === "arecord") return arecordMicrophones();
  try {
    const decibri = await decibriMicrophones();
    if (through === "decibri" || (await decibri.list()).length > 0) return decibri;
    return await arecordMicrophones().catch(() => decibri);
  } catch (cause) {
    if (through === "decibri") throw cause;
    return arecordMicrophones(cause);
  }
}

/** Finds a microphone by id, name, or unique part of a name. Undefined for an ALSA id that is not listed, such as `hw:1,0`. */
function find(device: string, known: readonly MicrophoneInfo[]): MicrophoneInfo | undefined {
  const wanted = device.toLowerCase();
  const exact = known.find(({ id, name }) => id === device || name.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const partly = known.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (partly.length === 1) return partly[0];
  if (/^(?:plug|sys|ds)?\w+:/.test(device)) return undefined;
  const near = closestName(
    device,
    known.flatMap(({ id, name }) => [id, name]),
  );
  const what = partly.length > 1 ? "several microphones are named like" : "no microphone is named like";
  const list = known.map(({ id, name }) => `${JSON.stringify(id)} (${name})`).join(", ");
  throw new CallsignError(
    "MICROPHONE_FAILED",
    `${what} ${JSON.stringify(device)}${near === undefined ? "" : `, did you mean ${JSON.stringify(near)}?`}; ` +
      `known: ${list === "" ? "none" : list}`,
  );
}

/** Yields the same chunks and calls `onNoAudio` during long waits. */
async function* watched(
  chunks: AsyncGenerator<Int16Array>,
  { onNoAudio, noAudioSeconds = 3 }: OpenMicrophoneOptions,
): AsyncGenerator<Int16Array> {
  try {
    for (;;) {
      const timer = setInterval(() => onNoAudio?.(), noAudioSeconds * 1000);
      const { done, value } = await chunks.next().finally(() => clearInterval(timer));
      if (done === true) return;
      yield value;
    }
  } finally {
    await chunks.return(undefined);
  }
}
