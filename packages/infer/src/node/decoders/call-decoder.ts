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
 * Lets a decoder decode and turns whatever it complains of into one error. The libraries print complaints and go on, and
 * mpg123's wrapper goes on until mpg123 asks for more, which a lasting fault need never do: so the first is made to throw. Decoding itself is synchronous, which
 * is why the console can be borrowed for it without anyone else noticing.
 * @throws CallsignError `AUDIO_INVALID`
 */
export async function callDecoder(
  decode: () => DecoderResult | Promise<DecoderResult>,
  { name, byte }: { readonly name: string; readonly byte: number },
): Promise<Float32Array[]> {
  try {
    const { channelData, errors } = await withThrowingConsole(decode);
    if (errors[0] !== undefined) throw new Error(errors[0].message);
    return channelData;
  } catch (cause) {
    const message = `${name}: damaged audio at or after byte ${byte}: ${reasonOf(cause)}`;
    throw new CallsignError("AUDIO_INVALID", message, { cause });
  }
}

function withThrowingConsole<Result>(call: () => Result): Result {
  const descriptor = Object.getOwnPropertyDescriptor(console, "error")!;
  const value = (...parts: unknown[]): never => {
    throw new Error(parts.join(" "));
  };
  Object.defineProperty(console, "error", { ...descriptor, value });
  try {
    return call();
  } finally {
    Object.defineProperty(console, "error", descriptor);
  }
}

/** One line, cut short. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 300);
}
