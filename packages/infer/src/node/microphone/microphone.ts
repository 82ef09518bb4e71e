import { closestName } from "../../closest-name.ts";
import { CallsignError } from "../../errors.ts";
import { arecordMicrophones } from "./arecord-microphones.ts";
import { decibriMicrophones } from "./decibri-microphones.ts";

/** A microphone that can be opened. */
export interface MicrophoneInfo {
  /** What it is opened by. */
  readonly id: string;
  /** What a person knows it by. */
  readonly name: string;
  readonly isDefault: boolean;
}

/** One way to reach microphones. */
export interface MicrophoneAdapter {
  readonly through: MicrophoneProgram;
  list(): Promise<MicrophoneInfo[]>;
  /** Samples at 16 kHz, mono, until the signal aborts. @throws CallsignError `MICROPHONE_FAILED` */
  open(options: {
    readonly id: string | undefined;
    readonly signal: AbortSignal;
  }): AsyncGenerator<Int16Array>;
}

/** `decibri` is a native module (optional peer dependency); `arecord` is ALSA's program. */
export type MicrophoneProgram = "decibri" | "arecord";

export interface OpenMicrophoneOptions {
  /** An id, or a name or part of one; default the system's. */
  readonly device?: string;
  /** Default decibri where it is there and knows a microphone, else arecord. */
  readonly through?: MicrophoneProgram;
  readonly signal: AbortSignal;
  /** Called when the device has sent nothing for `noAudioSeconds`, and each time that passes again. */
  readonly onNoAudio?: () => void;
  /** Default 3. */
  readonly noAudioSeconds?: number;
}

/** An open microphone: its samples come by iterating. */
export interface OpenMicrophone {
  /** Undefined is the system's default. */
  readonly info: MicrophoneInfo | undefined;
  readonly through: MicrophoneProgram;
  /** int16 magnitudes at 16 kHz; ends when the signal aborts. */
  readonly chunks: AsyncGenerator<Int16Array>;
}

/** Every microphone, and what it is reached through. @throws CallsignError `DEPENDENCY_MISSING` where nothing reaches any */
export async function listMicrophones(
  options: { readonly through?: MicrophoneProgram } = {},
): Promise<{ readonly through: MicrophoneProgram; readonly microphones: MicrophoneInfo[] }> {
  const adapter = await chooseAdapter(options.through);
  return { through: adapter.through, microphones: await adapter.list() };
}

/**
 * Opens a microphone. @throws CallsignError `DEPENDENCY_MISSING` where nothing reaches any, `MICROPHONE_FAILED` where
 * there is none, none of that name, or it cannot be opened, each with what to do
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

/** By id, by name, by a part of the name that only one has. ALSA takes ids that no list shows (`hw:1,0`): those pass. */
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

/** The same chunks; the wait for each is watched. */
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
