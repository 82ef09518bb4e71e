import { toInt16 } from "../../samples/pcm.ts";
import { PcmDecoder } from "../../samples/pcm-decoder.ts";
import { CallsignError } from "../../errors.ts";
import type { MicrophoneAdapter } from "./microphone-adapter.ts";

/** Adapter for the native module decibri. @throws CallsignError `DEPENDENCY_MISSING` if it does not load */
export async function decibriMicrophones(): Promise<MicrophoneAdapter> {
  const decibri = await import("decibri").catch((cause: unknown) => {
    throw new CallsignError(
      "DEPENDENCY_MISSING",
      `decibri does not load: ${String(cause).split("\n", 1)[0]}`,
      {
        cause,
      },
    );
  });
  return {
    through: "decibri",
    list: () =>
      Promise.resolve(
        decibri
          .inputDevices()
          // ALSA's null device.
          .filter(({ id }) => id !== "alsa:null")
          .map(({ id, name, isDefault }) => ({ id, name, isDefault })),
      ),
    open: async function* ({ id, signal }) {
      if (signal.aborted) return;
      const options = { sampleRate: 16_000, channels: 1, framesPerBuffer: 1280, dtype: "int16" as const };
      const microphone = await decibri.Microphone.open(
        id === undefined ? options : { ...options, device: { id } },
      ).catch((cause: unknown) => {
        throw failure(cause, id);
      });
      const stop = (): void => microphone.stop();
      signal.addEventListener("abort", stop);
      try {
        const decoder = new PcmDecoder({ encoding: "s16le" });
        // The signal may have aborted during the opening.
        if (signal.aborted) return;
        for await (const chunk of microphone as AsyncIterable<Buffer>) {
          if (signal.aborted) return;
          yield toInt16(decoder.decode(chunk));
        }
        if (!signal.aborted) throw failure(new Error("it was unplugged, or the system took it away"), id);
      } catch (cause) {
        if (cause instanceof CallsignError || signal.aborted) throw cause;
        throw failure(cause, id);
      } finally {
        signal.removeEventListener("abort", stop);
        microphone.stop();
      }
    },
  };
}

function failure(cause: unknown, id: string | undefined): CallsignError {
  const name = id === undefined ? "the default microphone" : `microphone ${JSON.stringify(id)}`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CallsignError(
    "MICROPHONE_FAILED",
    `${name}: ${reason}; \`callsign listen --list\` shows those there are. Check that no other program records from it ` +
      `and that the system lets this one`,
    { cause },
  );
}
