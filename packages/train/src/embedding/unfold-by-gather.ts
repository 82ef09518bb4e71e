import type { Rank, Tensor, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../tensorflow.ts";
import type { EmbeddingLayer } from "./embedding-network.ts";
import type { Unfolded } from "./unfold.ts";

/**
 * Lays out x `[batch, frames, bins, inputs]` for a layer by one gather, and one back: a fifth of the operations that
 * slices take, which is what counts where each is a launch on a GPU.
 */
export function unfoldByGather(tf: TensorFlow, x: Tensor4D, layer: EmbeddingLayer): Unfolded {
  const [batch, frames] = x.shape;
  const { inputs, kernel, bins } = layer;
  const places = knownPlaces(layer, frames);
  const flat = tf.reshape<Rank.R3>(x, [batch, frames * bins[0], inputs]);
  const rows = tf.reshape(gatherPlaces(tf, flat, places), [
    batch * places.frames * bins[1],
    kernel[0] * kernel[1] * inputs,
  ]);
  return { rows: rows as Tensor2D, frames: places.frames, bins: bins[1] };
}

/** For every value that is read, its place in the input; and for every place of the input, where it is read. */
interface Places {
  readonly frames: number;
  /** Index into the input's places for each output and tap; 0 where that is padding. */
  readonly forward: Int32Array;
  /** 1 for a place, 0 for padding; undefined where there is none. */
  readonly forwardMask: Float32Array | undefined;
  /** `[places, readers]`: indices into `forward`; 0 where a place has fewer readers. */
  readonly backward: Int32Array;
  readonly backwardMask: Float32Array;
  readonly readers: number;
}

/** x at the places that are read: `[batch, places, inputs]` to `[batch, reads, inputs]`, with a gradient of its own. */
function gatherPlaces(tf: TensorFlow, x: Tensor3D, places: Places): Tensor3D {
  const { forward, forwardMask, backward, backwardMask, readers } = places;
  const [batch, count, inputs] = x.shape;
  const gather = tf.customGrad((...given) => {
    const [x] = given as [Tensor3D];
    const read = tf.gather(x, tf.tensor1d(forward, "int32"), 1);
    const value = forwardMask ? tf.mul(read, tf.tensor3d(forwardMask, [1, forward.length, 1])) : read;
    const gradFunc = (upstream: Tensor): Tensor => {
      const found = tf.gather(upstream, tf.tensor1d(backward, "int32"), 1);
      const masked = tf.mul(found, tf.tensor3d(backwardMask, [1, backward.length, 1]));
      return tf.sum(tf.reshape(masked, [batch, count, readers, inputs]), 2);
    };
    return { value, gradFunc };
  });
  return gather(x) as Tensor3D;
}

const known = new WeakMap<EmbeddingLayer, Map<number, Places>>();

/** A training asks for the same few lengths at every step. */
function knownPlaces(layer: EmbeddingLayer, frames: number): Places {
  const lengths = known.get(layer) ?? new Map<number, Places>();
  known.set(layer, lengths);
  const places = lengths.get(frames) ?? placesOf(layer, frames);
  lengths.set(frames, places);
  return places;
}

function placesOf({ kernel, stride, padding, bins }: EmbeddingLayer, frames: number): Places {
  const framesOut = Math.floor((frames - kernel[0]) / stride[0]) + 1;
  const forward = new Int32Array(framesOut * bins[1] * kernel[0] * kernel[1]);
  const forwardMask = new Float32Array(forward.length);
  const readersOf = Array.from({ length: frames * bins[0] }, (): number[] => []);
  let read = 0;
  for (let frame = 0; frame < framesOut; frame++)
    for (let bin = 0; bin < bins[1]; bin++)
      for (let i = 0; i < kernel[0]; i++)
        for (let j = 0; j < kernel[1]; j++, read++) {
          const from = bin * stride[1] + j - padding;
          if (from < 0 || from >= bins[0]) continue;
          const place = (frame * stride[0] + i) * bins[0] + from;
          forward[read] = place;
          forwardMask[read] = 1;
          readersOf[place]!.push(read);
        }
  const readers = Math.max(...readersOf.map(({ length }) => length));
  const backward = new Int32Array(readersOf.length * readers);
  const backwardMask = new Float32Array(backward.length);
  for (const [place, list] of readersOf.entries())
    for (const [i, reader] of list.entries()) {
      backward[place * readers + i] = reader;
      backwardMask[place * readers + i] = 1;
    }
  return {
    frames: framesOut,
    forward,
    forwardMask: padding > 0 ? forwardMask : undefined,
    backward,
    backwardMask,
    readers,
  };
}
