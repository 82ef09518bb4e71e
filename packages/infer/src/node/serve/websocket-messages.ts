import * as z from "zod";
import { CallsignError } from "../../errors.ts";
import type { ModelDetection } from "../../feature-track.ts";
import { parseStrict } from "../../strict-schema.ts";

/** Version of the messages below; a hello of another is refused. Documented in docs/serve.md. */
export const WEBSOCKET_VERSION = 1;

const hello = z.strictObject({
  type: z.literal("hello"),
  version: z.literal(WEBSOCKET_VERSION),
  /** Of the audio that follows; 16 kHz needs no conversion. */
  sampleRateHz: z.int().min(8000).max(384_000).default(16_000),
  encoding: z.enum(["s16le", "f32le"]).default("s16le"),
  channels: z.int().min(1).max(8).default(1),
  /** Names of the models that listen; all unless given. */
  models: z.array(z.string().min(1).max(1000)).min(1).max(1000).exactOptional(),
  token: z.string().max(4096).exactOptional(),
  sensitivity: z
    .union([
      z.strictObject({ threshold: z.number().min(0).max(1) }),
      z.strictObject({ falseAlarmsPerDay: z.number().min(0) }),
    ])
    .exactOptional(),
  /** Whether every step's scores are sent. */
  scores: z.boolean().default(false),
  /** Whether it is told when to mute. */
  mute: z.boolean().default(false),
  /** Audio kept to be asked for. */
  audioSeconds: z.number().min(0).max(30).default(0),
});

const message = z.discriminatedUnion("type", [
  hello,
  z.strictObject({ type: z.literal("reset") }),
  /** No audio comes for a while, and that is no reason to drop the client. */
  z.strictObject({ type: z.literal("pause") }),
  z.strictObject({ type: z.literal("audio"), fromMs: z.number().min(0), toMs: z.number().min(0) }),
  z.strictObject({ type: z.literal("end") }),
]);

/** The first message of a client. */
export type HelloMessage = z.output<typeof hello>;

/** Whatever a client may say in JSON. */
export type ClientMessage = z.output<typeof message>;

/** What a client is told; detections are flat. */
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
        /** The label that is never detected, where the model has one. */
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
  /** Followed by one binary message: the samples, s16le at 16 kHz. */
  | { readonly type: "audio"; readonly fromMs: number; readonly samples: number }
  | { readonly type: "reset" }
  | { readonly type: "end"; readonly detections: number }
  | { readonly type: "warning"; readonly code: "THROTTLED"; readonly message: string }
  | { readonly type: "error"; readonly code: string; readonly message: string };

/** @throws CallsignError `PROTOCOL_INVALID` naming what is wrong where */
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

/** Room for a thousand models' names; checking more of it would hold up other clients. */
const MAX_TEXT_LENGTH = 64 * 1024;
