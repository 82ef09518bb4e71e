/** Stable error codes. Messages say who, expected, got, where, and how to fix it. */
export type CallsignErrorCode =
  // audio
  | "AUDIO_EMPTY"
  | "AUDIO_INVALID"
  | "AUDIO_NOT_FINITE"
  | "AUDIO_OUT_OF_RANGE"
  | "AUDIO_TOO_LONG"
  | "AUDIO_TOO_SHORT"
  | "AUDIO_TRUNCATED"
  | "AUDIO_UNSUPPORTED"
  // models and their cards
  | "CARD_INVALID"
  | "CARD_MISMATCH"
  | "CHECKPOINT_MISMATCH"
  | "MODEL_INVALID"
  | "MODEL_NOT_FOUND"
  | "MODEL_SHAPE_MISMATCH"
  | "SAFETENSORS_INVALID"
  | "SESSION_FAILED"
  // corpora and other sources of clips
  | "ARCHIVE_INVALID"
  | "ARCHIVE_UNSAFE"
  | "CORPUS_EMPTY"
  | "HUB_NOT_FOUND"
  | "HUB_RATE_LIMITED"
  | "HUB_UNAUTHORIZED"
  | "MANIFEST_INVALID"
  | "PARQUET_INVALID"
  | "SHARD_INVALID"
  | "TABLE_INVALID"
  | "TOO_MANY_FAULTS"
  // speech synthesis
  | "SYNTHESIS_FAILED"
  | "SYNTHESIS_REJECTED"
  // files and downloads
  | "CHECKSUM_MISMATCH"
  | "DOWNLOAD_FAILED"
  | "FILE_NOT_FOUND"
  | "FILE_WRITE_FAILED"
  // training
  | "CLASS_EMPTY"
  | "FEATURES_INVALID"
  | "FEATURES_NOT_FINITE"
  | "LOSS_NOT_FINITE"
  | "SHARD_MISMATCH"
  // use
  | "ABORTED"
  | "BENCH_REGRESSED"
  | "CONFIG_INVALID"
  | "DEPENDENCY_MISSING"
  | "DISPOSED"
  | "INVALID_ARGUMENT"
  | "MICROPHONE_FAILED"
  | "MODEL_REGRESSED"
  | "PROTOCOL_INVALID"
  | "QUEUE_FAILED"
  | "SERVE_FAILED"
  | "STORE_FAILED"
  | "TRUTH_INVALID"
  | "VERSION_MISMATCH"
  | "WORKER_FAILED";

/** Error thrown by Callsign. `cause` is the underlying error, if any. */
export class CallsignError extends Error {
  override readonly name = "CallsignError";
  readonly code: CallsignErrorCode;

  constructor(code: CallsignErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
