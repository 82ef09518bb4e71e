import type { ChannelMixer } from "../../audio/channel-mixer.ts";
import { INT16_SCALE } from "../../audio/audio.ts";
import { firstNotFinite } from "../../audio/pcm.ts";
import { CallsignError } from "../../errors.ts";

/** What the decoder libraries return. */
export interface DecoderResult {
  readonly channelData: Float32Array[];
  readonly errors: readonly { readonly message: string }[];
}

/** The part of a decoder's life that the libraries share. */
export interface Decoder {
  readonly ready: Promise<unknown>;
  free(): void;
}

/**
 * Loads a decoder library when it is first needed and makes a decoder of it.
 * @throws CallsignError `DEPENDENCY_MISSING`
 */
export async function createDecoder<Library, Made extends Decoder>(
  load: () => Promise<Library>,
  make: (library: Library) => Made,
  library: string,
): Promise<Made> {
  try {
    const decoder = make(await load());
    await decoder.ready;
    return decoder;
  } catch (cause) {
    const message = `${library} cannot be loaded: ${reasonOf(cause)}; install it: npm install ${library}`;
    throw new CallsignError("DEPENDENCY_MISSING", message, { cause });
  }
}

/** Frees a decoder; one that crashed may refuse, which no longer matters. */
export function freeDecoder(decoder: Decoder): void {
  try {
    decoder.free();
  } catch {
    // Its memory goes with it.
  }
}

/**
 * Lets a library decode, and returns what came out and the first error. The libraries print errors and go on, and
 * mpg123's wrapper repeats a call that fails for as long as it fails: so `console.error` is silent meanwhile and throws
 * in the end. Decoding is synchronous up to its result; nobody else uses the console in between.
 */
export async function callDecoder(
  decode: () => DecoderResult | Promise<DecoderResult>,
): Promise<{ readonly channels: readonly Float32Array[]; readonly error?: string }> {
  try {
    const { channelData, errors } = await withQuietConsole(decode);
    return { channels: channelData, ...(errors[0] !== undefined && { error: errors[0].message }) };
  } catch (cause) {
    return { channels: [], error: reasonOf(cause) };
  }
}

/** No call decodes so many packets that all of them fail with a message of their own. */
const MOST_COMPLAINTS = 1000;

function withQuietConsole<Result>(call: () => Result): Result {
  const descriptor = Object.getOwnPropertyDescriptor(console, "error")!;
  let complaints = 0;
  const value = (...parts: unknown[]): void => {
    if (++complaints > MOST_COMPLAINTS) throw new Error(parts.join(" "));
  };
  Object.defineProperty(console, "error", { ...descriptor, value });
  try {
    return call();
  } finally {
    Object.defineProperty(console, "error", descriptor);
  }
}

/** Mixes channels of -1..1 to mono at int16 magnitudes. @throws CallsignError `AUDIO_NOT_FINITE` */
export function mixUnitScale(
  channels: readonly Float32Array[],
  { mixer, name, gain = 1 }: { readonly mixer: ChannelMixer; readonly name: string; readonly gain?: number },
): Float32Array {
  const mono = mixer.mix(channels, { scale: INT16_SCALE * gain });
  if (firstNotFinite(mono) < 0) return mono;
  throw new CallsignError("AUDIO_NOT_FINITE", `${name}: the decoded audio holds samples that are not finite`);
}

/** One line, cut short. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 300);
}
