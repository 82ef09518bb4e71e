/** Something that was lost or assumed while audio was read. */
export interface AudioNote {
  /**
   * `truncated`: the end or the beginning is missing; `damaged`: bytes in between could not be decoded; `header`: the
   * header is wrong and was not followed; `antiphase`: the two channels cancel each other out and were not added.
   */
  readonly code: "antiphase" | "damaged" | "header" | "truncated";
  /** Starts with the name of the file. */
  readonly message: string;
}

/** Collects the notes on one file: stretches of damage, which may be thousands, become a single note. */
export class AudioNotes {
  readonly name: string;
  readonly #onNote: ((note: AudioNote) => void) | undefined;
  readonly #notes: AudioNote[] = [];
  #damage: { readonly byte: number; bytes: number; places: number } | undefined;
  #damageEnd = -1;

  constructor(name: string, onNote?: (note: AudioNote) => void) {
    this.name = name;
    this.#onNote = onNote;
  }

  /** Adds a note; `text` continues the name of the file. Repetitions are dropped. */
  add(code: AudioNote["code"], text: string): void {
    const message = `${this.name}: ${text}`;
    if (this.#notes.some((note) => note.message === message)) return;
    const note = { code, message };
    this.#notes.push(note);
    this.#onNote?.(note);
  }

  /** Counts bytes that could not be decoded. */
  countDamage(byte: number, bytes: number): void {
    this.#damage ??= { byte, bytes: 0, places: 0 };
    this.#damage.bytes += bytes;
    if (byte !== this.#damageEnd) this.#damage.places++;
    this.#damageEnd = byte + bytes;
  }

  /** Reports the damage counted so far and returns the note that tells most: that on damage, or the first. */
  finish(): AudioNote | undefined {
    if (this.#damage !== undefined) {
      const { byte, bytes, places } = this.#damage;
      this.#damage = undefined;
      const where = places === 1 ? `at byte ${byte}` : `in ${places} places, the first at byte ${byte}`;
      this.add("damaged", `damaged ${where}; ${bytes} bytes could not be decoded and were skipped`);
    }
    return this.#notes.find(({ code }) => code === "damaged") ?? this.#notes[0];
  }
}
