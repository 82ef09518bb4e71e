import { CallsignError } from "@callsign/audio/internal";

/** When a stretch counts as silence; the defaults lost no detection on the recordings they were tried on. */
export interface LevelGateOptions {
  /** How far above the quietest level of late a hop must be to count as sound. Default 3. */
  readonly marginDb?: number;
  /** A level at which a hop always counts as sound, in dB of full scale. Default -30. */
  readonly alwaysAboveDb?: number;
  /** How long after the last sound it still listens. Default 2. */
  readonly holdSeconds?: number;
}

/**
 * Tells sound from silence by level alone, hop by hop: a hop is sound where it rises above a noise floor that falls at
 * once and rises slowly, and for a while after. Made to err on the side of listening: loud noise passes as sound.
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
    this.#riseDb = RISE_DB_A_SECOND * hopSeconds;
    this.reset();
  }

  /** True while there is sound or was lately. Takes the next hop, int16 magnitudes. */
  isOpen(hop: Float32Array): boolean {
    const level = levelDb(hop);
    this.#floorDb = Math.max(LOWEST_FLOOR_DB, Math.min(level, this.#floorDb + this.#riseDb));
    const sound = level > this.#alwaysAboveDb || level > this.#floorDb + this.#marginDb;
    this.#quietHops = sound ? 0 : Math.min(this.#quietHops + 1, this.#holdHops + 1);
    return this.#quietHops <= this.#holdHops;
  }

  /** Starts listening again, as at the start of a stream. */
  reset(): void {
    this.#quietHops = 0;
    this.#floorDb = Infinity;
  }
}

/** The floor follows a room that grows louder within half a minute. */
const RISE_DB_A_SECOND = 0.5;

/** A few steps of int16: what is quieter is a muted microphone, and its changes mean nothing. */
const LOWEST_FLOOR_DB = -75;

function checkOptions({ marginDb = 3, alwaysAboveDb = -30, holdSeconds = 2 }: LevelGateOptions): void {
  const check = (name: string, value: number, [least, most]: readonly [number, number]): void => {
    if (value >= least && value <= most) return;
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `levelGate.${name}: expected ${least} to ${most}, got ${value}`,
    );
  };
  check("marginDb", marginDb, [0, 100]);
  check("alwaysAboveDb", alwaysAboveDb, [-100, 0]);
  check("holdSeconds", holdSeconds, [0, 3600]);
}

/** Level of some samples (int16 magnitudes) in dB of full scale, not below -100. */
export function levelDb(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const power = sum / Math.max(1, samples.length) / 32_768 ** 2;
  return 10 * Math.log10(Math.max(power, 1e-10));
}
