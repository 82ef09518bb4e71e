import type { Random } from "../../random.ts";

/** A shoebox room with positions of speaker and microphone, in metres from one corner. */
export interface Room {
  readonly size: readonly [number, number, number];
  readonly source: readonly [number, number, number];
  readonly microphone: readonly [number, number, number];
  /** Time for the sound to die away by 60 dB, by Eyring's formula; walls cannot absorb less than nothing or more than all. */
  readonly reverberationSeconds: number;
  /** Decay time of high frequencies (above about 2 kHz) relative to low ones, 0 to 1. */
  readonly brightness: number;
}

/** Draws a room from closet to hall, with a distance of 0.3 to 4 m and at least 0.2 m to each wall. */
export function drawRoom(random: Random, reverberationSeconds: number): Room {
  const size = [random.uniform(2, 9), random.uniform(2, 7), random.uniform(2.3, 3.6)] as const;
  const inside = (length: number): number => random.uniform(WALL_GAP, length - WALL_GAP);
  const microphone = [inside(size[0]), inside(size[1]), inside(size[2])] as const;
  let source = microphone;
  // Drawn again until the distance fits, which most draws do.
  for (let tries = 0; tries < 100; tries++) {
    source = [inside(size[0]), inside(size[1]), inside(size[2])] as const;
    const distance = Math.hypot(
      source[0] - microphone[0],
      source[1] - microphone[1],
      source[2] - microphone[2],
    );
    if (distance >= 0.3 && distance <= 4) break;
  }
  return { size, source, microphone, reverberationSeconds, brightness: random.uniform(0.5, 1) };
}

const WALL_GAP = 0.2;
const SPEED_OF_SOUND = 343;
const SAMPLE_RATE_HZ = 16_000;
/** Image sources by themselves up to here; later reflections are too many to tell apart, and noise does. */
const EARLY_SECONDS = 0.05;

/**
 * The room's impulse response at 16 kHz, the direct sound first (sample 0, magnitude 1): early reflections by image
 * sources (Allen and Berkley 1979), then Gaussian noise that carries on their energy and dies away exponentially.
 */
export function roomImpulseResponse(room: Room, random: Random): Float32Array {
  const length = Math.ceil(Math.max(room.reverberationSeconds, 0.02) * SAMPLE_RATE_HZ);
  const response = new Float32Array(length);
  const early = Math.min(length, Math.round(EARLY_SECONDS * SAMPLE_RATE_HZ));
  addImages(response, { room, early, reflection: wallReflection(room) });
  addTail(response, { room, early, random });
  response[0] = 1;
  return response;
}

/** Share of the amplitude a wall sends back, alike for all six, for the reverberation time asked (Eyring 1930). */
function wallReflection({ size: [x, y, z], reverberationSeconds }: Room): number {
  const volume = x * y * z;
  const surface = 2 * (x * y + y * z + z * x);
  // 24 ln(10) / c: Sabine's constant, 0.161 s/m.
  const absorption = 1 - Math.exp((-0.161 * volume) / (surface * Math.max(reverberationSeconds, 0.02)));
  return Math.sqrt(1 - Math.min(0.99, absorption));
}

interface Images {
  readonly room: Room;
  readonly early: number;
  readonly reflection: number;
}

function addImages(response: Float32Array, { room, early, reflection }: Images): void {
  const { size, source, microphone } = room;
  const direct = Math.hypot(...source.map((value, axis) => value - microphone[axis]!));
  const reach = direct + (early / SAMPLE_RATE_HZ) * SPEED_OF_SOUND;
  const along = size.map((length, axis) =>
    imagesAlong({ length, source: source[axis]!, microphone: microphone[axis]!, reach }),
  );
  for (const x of along[0]!) {
    for (const y of along[1]!) {
      const flat = x.offset * x.offset + y.offset * y.offset;
      if (flat > reach * reach) continue;
      for (const z of along[2]!) {
        const distance = Math.sqrt(flat + z.offset * z.offset);
        const delay = Math.round(((distance - direct) / SPEED_OF_SOUND) * SAMPLE_RATE_HZ);
        if (delay >= early) continue;
        const bounces = x.bounces + y.bounces + z.bounces;
        response[delay] = response[delay]! + (direct / distance) * reflection ** bounces;
      }
    }
  }
}

interface Axis {
  readonly length: number;
  readonly source: number;
  readonly microphone: number;
  readonly reach: number;
}

/** Mirror images of the source along one axis: at 2 n L + s after 2 |n| bounces, at 2 n L - s after |2 n - 1|. */
function imagesAlong({ length, source, microphone, reach }: Axis): { offset: number; bounces: number }[] {
  const most = Math.ceil(reach / (2 * length)) + 1;
  const images: { offset: number; bounces: number }[] = [];
  for (let n = -most; n <= most; n++) {
    images.push(
      { offset: 2 * n * length + source - microphone, bounces: Math.abs(2 * n) },
      { offset: 2 * n * length - source - microphone, bounces: Math.abs(2 * n - 1) },
    );
  }
  return images.filter(({ offset }) => Math.abs(offset) <= reach);
}

function addTail(
  response: Float32Array,
  { room, early, random }: { room: Room; early: number; random: Random },
): void {
  if (response.length <= early) return;
  // 60 dB are a factor of 10^-3 in amplitude.
  const decay = -Math.log(1000) / (room.reverberationSeconds * SAMPLE_RATE_HZ);
  const level = tailLevel(response.subarray(0, early), decay);
  let low = 0;
  for (let i = early; i < response.length; i++) {
    const noise = random.normal();
    low += SPLIT * (noise - low);
    const bright = Math.exp((decay * i) / room.brightness);
    response[i] = level * (low * Math.exp(decay * i) + (noise - low) * bright);
  }
}

/** One-pole low-pass at about 2 kHz: 1 - exp(-2 pi 2000 / 16000). */
const SPLIT = 0.544;

/** Amplitude at time 0 of the exponential that has the energy of the images in the second half of the early part. */
function tailLevel(early: Float32Array, decay: number): number {
  let energy = 0;
  let expected = 0;
  for (let i = early.length >> 1; i < early.length; i++) {
    energy += early[i]! * early[i]!;
    expected += Math.exp(2 * decay * i);
  }
  return Math.sqrt(energy / expected);
}
