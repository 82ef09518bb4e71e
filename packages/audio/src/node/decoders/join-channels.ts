import { joinFloats } from "../../samples/pcm.ts";

/** Concatenates the channels of consecutive parts. */
export function joinChannels(parts: readonly (readonly Float32Array[])[]): readonly Float32Array[] {
  const [first = []] = parts;
  return parts.length === 1
    ? first
    : first.map((_, channel) => joinFloats(parts.map((part) => part[channel]!)));
}
