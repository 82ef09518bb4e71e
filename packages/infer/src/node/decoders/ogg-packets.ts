import { CallsignError } from "../../errors.ts";
import type { OggPage } from "./ogg-page.ts";

/** Longest packet put together from pages: room for a picture among the comments, not for a file made to fill memory. */
const MOST_PACKET_BYTES = 2 ** 26;

/** Puts the packets of one logical stream together from its pages, which must come in order. */
export class OggPackets {
  readonly #name: string;
  #open: Uint8Array[] = [];
  #openLength = 0;
  #sequence: number | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Takes the next page and returns the packets that end on it. @throws CallsignError `AUDIO_INVALID` */
  push(page: OggPage): Uint8Array[] {
    this.#checkSequence(page);
    const packets: Uint8Array[] = [];
    let start = 0;
    let end = 0;
    for (const length of page.lacing) {
      end += length;
      if (length === 255) continue;
      packets.push(this.#close(page.body.subarray(start, end)));
      start = end;
    }
    this.#open.push(page.body.subarray(start, end));
    this.#openLength += end - start;
    if (this.#openLength > MOST_PACKET_BYTES)
      throw new CallsignError(
        "AUDIO_INVALID",
        `${this.#name}: a packet of more than ${MOST_PACKET_BYTES} bytes, still open at byte ${page.byte}`,
      );
    return packets;
  }

  #close(last: Uint8Array): Uint8Array {
    if (this.#openLength === 0) {
      this.#open = [];
      return last;
    }
    const packet = new Uint8Array(this.#openLength + last.length);
    let at = 0;
    for (const part of [...this.#open, last]) {
      packet.set(part, at);
      at += part.length;
    }
    this.#open = [];
    this.#openLength = 0;
    return packet;
  }

  #checkSequence({ sequence, isContinued, byte }: OggPage): void {
    const expected = this.#sequence === undefined ? sequence : (this.#sequence + 1) >>> 0;
    if (sequence !== expected)
      throw new CallsignError(
        "AUDIO_INVALID",
        `${this.#name}: expected Ogg page number ${expected} at byte ${byte}, got ${sequence}; pages are missing`,
      );
    if (isContinued !== this.#openLength > 0)
      throw new CallsignError("AUDIO_INVALID", `${this.#name}: the Ogg page at byte ${byte} breaks a packet`);
    this.#sequence = sequence;
  }
}
