import type { ChannelMixer } from "../../samples/channel-mixer.ts";
import { firstNotFinite } from "../../samples/pcm.ts";
import { CallsignError } from "../../errors.ts";

/** Result of a decoder library. */
export interface DecoderResult {
  readonly channelData: Float32Array[];
  readonly errors: readonly { readonly message: string }[];
}

/** Common interface of the libraries' decoders. */
export interface Decoder {
  readonly ready: Promise<unknown>;
  free(): void;
}

/** Loads a decoder library and creates a decoder. @throws CallsignError `DEPENDENCY_MISSING` */
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

/** Frees a decoder and ignores errors, which a crashed one may throw. */
export function freeDecoder(decoder: Decoder): void {
  try {
    decoder.free();
  } catch {
    // The garbage collector frees its memory.
  }
}

/**
 * Calls a decoder and returns the decoded channels and the first error. The libraries print errors and continue, and mpg123's
 * wrapper repeats a failing call endlessly, so `console.error` is silenced during the call and throws after too many messages.
 * Decoding is synchronous, so no other code uses the console meanwhile.
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

/** More messages than a call has packets to decode. */
const MAX_COMPLAINTS = 1000;

function withQuietConsole<Result>(call: () => Result): Result {
  const descriptor = Object.getOwnPropertyDescriptor(console, "error")!;
  let complaints = 0;
  const value = (...parts: unknown[]): void => {
    if (++complaints > MAX_COMPLAINTS) throw new Error(parts.join(" "));
  };
  Object.defineProperty(console, "error", { ...descriptor, value });
  try {
    return call();
  } finally {
    Object.defineProperty(console, "error", descriptor);
  }
}

/** Mixes decoded channels to mono. @throws CallsignError `AUDIO_NOT_FINITE` */
export function mixDecoded(
  channels: readonly Float32Array[],
  { mixer, name }: { readonly mixer: ChannelMixer; readonly name: string },
): Float32Array {
  const mono = mixer.mix(channels);
  if (firstNotFinite(mono) < 0) return mono;
  throw new CallsignError("AUDIO_NOT_FINITE", `${name}: the decoded audio holds samples that are not finite`);
}

/** Message of an error on one line of at most 300 characters. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 300);
}
