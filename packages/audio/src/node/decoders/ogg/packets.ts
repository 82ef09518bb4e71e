import type { AudioNotes } from "../../../samples/audio-notes.ts";
import type { OggPage } from "./page.ts";

/** Longest packet, which may hold a picture in its comments; bounds the memory for hostile files. */
const MAX_PACKET_BYTES = 2 ** 26;

/** Assembles the packets of one logical stream from its pages. Incomplete packets are dropped. */
export class OggPackets {
  readonly #notes: AudioNotes;
  #open: Uint8Array[] = [];
  #openLength = 0;
  #sequence: number | undefined;

  constructor(notes: AudioNotes) {
    this.#notes = notes;
  }

  /** Returns the packets that end on the next page. */
  push(page: OggPage): Uint8Array[] {
    const { sequence, byte } = page;
    const expected = this.#sequence === undefined ? sequence : (this.#sequence + 1) >>> 0;
    if (sequence !== expected) this.#notes.add("damaged", `Ogg pages are missing before byte ${byte}`);
    this.#sequence = sequence;
    // The page continues a packet whose start is missing, or does not continue the open one.
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
    if (this.#openLength > MAX_PACKET_BYTES) {
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
