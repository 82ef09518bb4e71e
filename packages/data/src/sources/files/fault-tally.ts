import { CallsignError } from "@callsign/audio/internal";

import type { ClipFault, ReadClipsOptions } from "../clip-source.ts";

/** Counts broken clips, names each, and refuses to go on when too large a share is broken. */
export class FaultTally {
  readonly #name: string;
  readonly #mostShare: number;
  readonly #few: number;
  readonly #onFault: ReadClipsOptions["onFault"];
  readonly #firstFaults: ClipFault[] = [];
  #good = 0;
  #broken = 0;

  /**
   * `mostShare`: largest share of broken clips that is allowed, 0 to 1. `few`: number of broken clips that is allowed even above
   * that share, up to half of the clips; for small sets. Default 0.
   */
  constructor(
    name: string,
    options: { readonly mostShare: number; readonly few?: number } & Pick<ReadClipsOptions, "onFault">,
  ) {
    this.#name = name;
    this.#mostShare = options.mostShare;
    this.#few = options.few ?? 0;
    this.#onFault = options.onFault;
  }

  /** A clip that could be read, used or not. */
  countGood(): void {
    this.#good++;
  }

  /** A broken clip. @throws CallsignError TOO_MANY_FAULTS once more is broken than allowed */
  countBroken(fault: ClipFault): void {
    this.#broken++;
    if (this.#firstFaults.length < FAULTS_NAMED) this.#firstFaults.push(fault);
    this.#onFault?.(fault);
    if (this.#seen >= HOPELESS_AFTER && this.#share > Math.max(HOPELESS_SHARE, this.#mostShare))
      throw this.#tooMany();
  }

  /**
   * Runs something that reads one clip. An error about that clip alone is counted, and gives undefined; any other
   * passes through. Success is for the caller to count.
   */
  async attempt<T>(place: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof CallsignError) || !isAboutOneClip(error)) throw error;
      this.countBroken({ place, error });
      return undefined;
    }
  }

  /** To be called when the pass is over. @throws CallsignError TOO_MANY_FAULTS */
  finish(): void {
    const isFew = this.#broken <= this.#few && this.#share <= HOPELESS_SHARE;
    if (this.#share > this.#mostShare && !isFew) throw this.#tooMany();
  }

  get #seen(): number {
    return this.#good + this.#broken;
  }

  get #share(): number {
    return this.#seen === 0 ? 0 : this.#broken / this.#seen;
  }

  #tooMany(): CallsignError {
    const named = this.#firstFaults.map((fault) => `\n  ${describe(fault)}`).join("");
    const more = this.#broken - this.#firstFaults.length;
    return new CallsignError(
      "TOO_MANY_FAULTS",
      `${this.#name}: ${this.#broken} of ${this.#seen} clips are broken (${percent(this.#share)}); ` +
        `at most ${percent(this.#mostShare)} are allowed; repair or remove them, or, in the config of a build, allow more with ` +
        `mostFaultShare:${named}${more > 0 ? `\n  and ${more} more` : ""}`,
      { cause: this.#firstFaults[0]?.error },
    );
  }
}

const FAULTS_NAMED = 5;

/** When more than half of the first hundred is broken, the source is not what it was taken for. */
const HOPELESS_AFTER = 100;
const HOPELESS_SHARE = 0.5;

const isAboutOneClip = ({ code }: CallsignError): boolean =>
  code.startsWith("AUDIO_") || code === "FILE_NOT_FOUND";

/** Most messages begin with the place themselves. */
const describe = ({ place, error: { message } }: ClipFault): string =>
  message.startsWith(place) ? message : `${place}: ${message}`;

const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;
