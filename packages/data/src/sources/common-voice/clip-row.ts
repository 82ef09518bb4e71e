/** Metadata of a Common Voice clip. */
export interface ClipRow {
  /** File name of the mp3, such as `common_voice_en_123.mp3`: the clip's id in every layout. */
  readonly clip: string;
  /** `client_id`: an anonymous contributor. */
  readonly speaker: string;
  readonly sentence: string;
  /** Empty if the corpus does not state it. */
  readonly locale: string;
  /** Duration that the corpus states, if it does. */
  readonly durationSeconds?: number | undefined;
  /** File and line or row, as messages and provenance name it. */
  readonly place: string;
}
