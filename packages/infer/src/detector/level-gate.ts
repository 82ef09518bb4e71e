import { CallsignError } from "@callsign/audio/internal";

/** Parameters of the level gate. The defaults lost no detection on the recordings they were tried on. */
export interface LevelGateOptions {
  /** Margin above the running noise floor, in dB, for a hop to count as sound. Default 3. */
  readonly marginDb?: number;
  /** Level above which a hop always counts as sound, in dB of full scale. Default -30. */
  readonly alwaysAboveDb?: number;
  /** Time for which the gate stays open after the last sound. Default 2. */
  readonly holdSeconds?: number;
}

/**
 * Separates sound from silence by level, hop by hop. The noise floor drops at once and rises slowly; a hop above the floor
 * plus a margin is sound, and the gate stays open for `holdSeconds` after it. Loud noise counts as sound.
 */
export class LevelGate {
  readonly #marginDb: number;
  readonly #alwaysAboveDb: number;
  readonly #holdHops: number;
  readonly #riseDb: number;
  #floorDb = Infinity;
  #quietHops = 0;

  /** @throws CallsignError `INVALID_ARGUMENT` for a value out of range */
  constructor({ hopSeconds, ...options }: LevelGateOptions & { readonly hopSeconds: number }) {
    checkOptions(options);
    this.#marginDb = options.marginDb ?? 3;
    this.#alwaysAboveDb = options.alwaysAboveDb ?? -30;
    this.#holdHops = Math.round((options.holdSeconds ?? 2) / hopSeconds);
    this.#riseDb = RISE_DB_PER_SECOND * hopSeconds;
    this.reset();
  }

  /** Whether the gate is open for the next hop. @param hop int16 magnitudes */
  isOpen(hop: Float32Array): boolean {
    const level = levelDb(hop);
    this.#floorDb = Math.max(MIN_FLOOR_DB, Math.min(level, this.#floorDb + this.#riseDb));
    const sound = level > this.#alwaysAboveDb || level > this.#floorDb + this.#marginDb;
    this.#quietHops = sound ? 0 : Math.min(this.#quietHops + 1, this.#holdHops + 1);
    return this.#quietHops <= this.#holdHops;
  }

  /** Opens the gate and clears the noise floor, as at the start of a stream. */
  reset(): void {
    this.#quietHops = 0;
    this.#floorDb = Infinity;
  }
}

/** Rise of the noise floor: it follows a room that becomes louder within half a minute. */
const RISE_DB_PER_SECOND = 0.5;

/** A few int16 steps; a quieter signal is a muted microphone. */
const MIN_FLOOR_DB = -75;

function checkOptions({ marginDb = 3, alwaysAboveDb = -30, holdSeconds = 2 }: LevelGateOptions): void {
  const check = (name: string, value: number, [min, max]: readonly [number, number]): void => {
    if (value >= min && value <= max) return;
    throw new CallsignError("INVALID_ARGUMENT", `levelGate.${name}: expected ${min} to ${max}, got ${value}`);
  };
  check("marginDb", marginDb, [0, 100]);
  check("alwaysAboveDb", alwaysAboveDb, [-100, 0]);
  check("holdSeconds", holdSeconds, [0, 3600]);
}

/** Level of samples (int16 magnitudes) in dB of full scale, at least -100. */
export function levelDb(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const power = sum / Math.max(1, samples.length) / 32_768 ** 2;
  return 10 * Math.log10(Math.max(power, 1e-10));
}
