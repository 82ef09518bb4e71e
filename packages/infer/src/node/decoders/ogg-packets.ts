import type { AudioNotes } from "../../audio/audio-notes.ts";
import type { OggPage } from "./ogg-page.ts";

/** Longest packet put together from pages: room for a picture among the comments, not for a file made to fill memory. */
const MOST_PACKET_BYTES = 2 ** 26;

/** Puts the packets of one logical stream together from its pages. Packets of which a part is missing are left out. */
export class OggPackets {
  readonly #notes: AudioNotes;
  #open: Uint8Array[] = [];
  #openLength = 0;
  #sequence: number | undefined;

  constructor(notes: AudioNotes) {
    this.#notes = notes;
  }

  /** Takes the next page and returns the packets that end on it. */
  push(page: OggPage): Uint8Array[] {
    const { sequence, byte } = page;
    const expected = this.#sequence === undefined ? sequence : (this.#sequence + 1) >>> 0;
    if (sequence !== expected) this.#notes.add("damaged", `Ogg pages are missing before byte ${byte}`);
    this.#sequence = sequence;
    // A packet that goes on here was not seen from its start, or one that was open does not go on.
    const isBroken = sequence !== expected || page.isContinued !== this.#openLength > 0;
    if (isBroken) this.#drop();
    const packets: Uint8Array[] = [];
    let start = 0;
    let end = 0;
    let isHeadless = isBroken && page.isContinued;
    for (const length of page.lacing) {
      end += length;
      if (length === 255) continue;
      const last = page.body.subarray(start, end);
      if (!isHeadless) packets.push(this.#close(last));
      isHeadless = false;
      start = end;
    }
    if (!isHeadless) this.#open.push(page.body.subarray(start, end));
    if (!isHeadless) this.#openLength += end - start;
    if (this.#openLength > MOST_PACKET_BYTES) {
      this.#notes.countDamage(byte, this.#openLength);
      this.#drop();
    }
    return packets;
  }

  #drop(): void {
    this.#open = [];
    this.#openLength = 0;
  }

  #close(last: Uint8Array): Uint8Array {
    if (this.#openLength === 0) {
      this.#drop();
      return last;
    }
    const packet = new Uint8Array(this.#openLength + last.length);
    let at = 0;
    for (const part of [...this.#open, last]) {
      packet.set(part, at);
      at += part.length;
    }
    this.#drop();
    return packet;
  }
}
