/** Available microphone. */
export interface MicrophoneInfo {
  /** Identifier for `openMicrophone`. */
  readonly id: string;
  /** Name for display. */
  readonly name: string;
  readonly isDefault: boolean;
}

/** Access to microphones through one program or module. */
export interface MicrophoneAdapter {
  readonly through: MicrophoneProgram;
  list(): Promise<MicrophoneInfo[]>;
  /** Samples at 16 kHz, mono, until the signal aborts. @throws CallsignError `MICROPHONE_FAILED` */
  open(options: {
    readonly id: string | undefined;
    readonly signal: AbortSignal;
  }): AsyncGenerator<Int16Array>;
}

/** Program or module for microphones: `decibri`, a native module (optional peer dependency), or ALSA's program `arecord`. */
export type MicrophoneProgram = "decibri" | "arecord";
