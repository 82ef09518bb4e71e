import * as z from "zod";
import { CallsignError } from "@callsign/audio/internal";
import { type ModelDetection, parseStrict } from "@callsign/infer/internal";

/** Version of the messages; a hello with another one is refused. Documented in docs/serve.md. */
export const WEBSOCKET_VERSION = 1;

const hello = z.strictObject({
  type: z.literal("hello"),
  version: z.literal(WEBSOCKET_VERSION),
  /** Sample rate of the audio; 16 kHz is not resampled. */
  sampleRateHz: z.int().min(8000).max(384_000).default(16_000),
  encoding: z.enum(["s16le", "f32le"]).default("s16le"),
  channels: z.int().min(1).max(8).default(1),
  /** Names of the models to run. Default all. */
  models: z.array(z.string().min(1).max(1000)).min(1).max(1000).exactOptional(),
  token: z.string().max(4096).exactOptional(),
  sensitivity: z
    .union([
      z.strictObject({ threshold: z.number().min(0).max(1) }),
      z.strictObject({ falseAlarmsPerDay: z.number().min(0) }),
    ])
    .exactOptional(),
  /** Whether to send the scores of every step. */
  scores: z.boolean().default(false),
  /** Whether to send the starts and ends of mutes. */
  mute: z.boolean().default(false),
  /** Length of the latest audio to keep for `audio` requests. */
  audioSeconds: z.number().min(0).max(30).default(0),
});

const message = z.discriminatedUnion("type", [
  hello,
  z.strictObject({ type: z.literal("reset") }),
  /** Announces a time without audio, in which the idle limit does not apply. */
  z.strictObject({ type: z.literal("pause") }),
  z.strictObject({ type: z.literal("audio"), fromMs: z.number().min(0), toMs: z.number().min(0) }),
  z.strictObject({ type: z.literal("end") }),
]);

/** First message of a client. */
export type HelloMessage = z.output<typeof hello>;

/** JSON message of a client. */
export type ClientMessage = z.output<typeof message>;

/** JSON message to a client. */
export type ServerMessage =
  | {
      readonly type: "ready";
      readonly version: number;
      readonly server: string;
      readonly session: number;
      readonly models: readonly {
        readonly name: string;
        readonly labels: readonly string[];
        readonly hopMs: number;
        readonly thresholds: Readonly<Record<string, number>>;
        /** Label that is never detected, if the model has one. */
        readonly background?: string;
      }[];
    }
  | ({ readonly type: "detection" } & ModelDetection)
  | {
      readonly type: "scores";
      readonly model: string;
      readonly timestampMs: number;
      readonly scores: Readonly<Record<string, number>>;
    }
  | {
      readonly type: "mute";
      readonly model: string;
      readonly timestampMs: number;
      readonly mute: boolean;
    }
  /** Followed by a binary message with the samples, s16le at 16 kHz. */
  | { readonly type: "audio"; readonly fromMs: number; readonly samples: number }
  | { readonly type: "reset" }
  | { readonly type: "end"; readonly detections: number }
  | { readonly type: "warning"; readonly code: "THROTTLED"; readonly message: string }
  | { readonly type: "error"; readonly code: string; readonly message: string };

/** Parses and validates a message. @throws CallsignError `PROTOCOL_INVALID` with the path of each invalid field */
export function parseClientMessage(text: string): ClientMessage {
  if (text.length > MAX_TEXT_LENGTH)
    throw new CallsignError(
      "PROTOCOL_INVALID",
      `message: expected at most ${MAX_TEXT_LENGTH} characters of JSON, got ${text.length}; audio goes in binary messages`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CallsignError(
      "PROTOCOL_INVALID",
      `message: not JSON: ${(cause as Error).message.slice(0, 200)}`,
      {
        cause,
      },
    );
  }
  return parseStrict(message, value, { name: "message", code: "PROTOCOL_INVALID" });
}

/** Enough for the names of a thousand models; validating longer messages would delay other clients. */
const MAX_TEXT_LENGTH = 64 * 1024;
