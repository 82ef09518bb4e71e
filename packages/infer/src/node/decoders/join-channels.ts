import { joinFloats } from "../../audio/pcm.ts";

/** Channels of parts that follow each other. */
export function joinChannels(parts: readonly (readonly Float32Array[])[]): readonly Float32Array[] {
  const [first = []] = parts;
  return parts.length === 1
    ? first
    : first.map((_, channel) => joinFloats(parts.map((part) => part[channel]!)));
}
