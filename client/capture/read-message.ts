/**
 * What a capture reads of the room's messages. The contract's schemas hold much more, and with them comes the whole of zod, half of
 * what a page would load; these are made with zod/mini, of the fields that are read. Their types are the contract's, and
 * `test/client/read-message.test.ts` holds that they take what it takes.
 */
import { decode } from "@msgpack/msgpack";
import * as z from "zod/mini";
import { trackNamePattern } from "../../schemas/name-patterns.ts";
import { chunkMs, liveSampleRatesHz } from "../../schemas/wire/audio.ts";
import { type WireErrorCode, wireErrors } from "../../schemas/wire/errors.ts";
import type { RoomMessage, TrackStatus } from "../../schemas/wire/messages.ts";
import { wireLimits } from "../../schemas/wire/wire-limits.ts";

type MessageOf<Type extends RoomMessage["type"]> = Extract<RoomMessage, { type: Type }>;

export type ReadyMessage = Pick<MessageOf<"ready">, "type" | "resume" | "limits" | "live"> & {
  readonly ingest: Pick<TrackStatus, "missing_chunks">;
};
export type StatusMessage = Pick<MessageOf<"status">, "type" | "last_seq">;
export type AckMessage = Pick<MessageOf<"ack">, "type" | "seq" | "sha256" | "contiguous_seq"> & {
  /** Not looked at: what a later gateway warns of is read where it is told. */
  readonly warning?: unknown;
};
export type EndedMessage = Pick<MessageOf<"ended">, "type" | "last_seq" | "complete" | "missing">;
export type ErrorMessage = Pick<MessageOf<"error">, "type" | "code" | "detail" | "seq" | "retry_after_ms">;
export type ListenersMessage = Pick<MessageOf<"listeners">, "type" | "live">;
/** Live audio of others. */
export type HeardMessage = Omit<MessageOf<"live">, "mark">;
/** Messages that are only a sign of life, say what the room's clock says, or why the connection ends. */
type SignOfLife = Pick<MessageOf<"pong">, "type" | "ts"> | Pick<MessageOf<"closing">, "type" | "reason">;
export type ReadMessage = (
  | ReadyMessage
  | StatusMessage
  | AckMessage
  | EndedMessage
  | ErrorMessage
  | ListenersMessage
  | HeardMessage
  | SignOfLife
) & {
  /** To be told the room once it was read. */
  readonly mark?: string | undefined;
};

const seqSchema = z.int().check(z.minimum(1));
const countSchema = z.int().check(z.minimum(0));
const rangesSchema = z.array(z.tuple([seqSchema, seqSchema]));

const markShape = { mark: z.optional(z.string().check(z.maxLength(256))) };

const readMessageSchema: z.ZodMiniType<ReadMessage> = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ready"),
    ...markShape,
    ingest: z.object({ missing_chunks: countSchema }),
    resume: z.object({ next_seq: seqSchema, missing: rangesSchema }),
    limits: z.object({
      max_in_flight: seqSchema,
      max_realtime_factor: z.nullable(z.number().check(z.positive())),
    }),
    live: z.optional(z.boolean()),
  }),
  z.object({ type: z.literal("status"), ...markShape, last_seq: countSchema }),
  z.object({
    type: z.literal("ack"),
    ...markShape,
    seq: seqSchema,
    sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    contiguous_seq: countSchema,
    // Whatever it is: the second is kept, and the ack counts.
    warning: z.optional(z.unknown()),
  }),
  z.object({
    type: z.literal("ended"),
    ...markShape,
    last_seq: countSchema,
    complete: z.boolean(),
    missing: rangesSchema,
  }),
  z.object({
    type: z.literal("error"),
    ...markShape,
    code: z.enum(Object.keys(wireErrors) as [WireErrorCode, ...WireErrorCode[]]),
    detail: z.string(),
    seq: z.optional(z.int()),
    retry_after_ms: z.optional(countSchema),
  }),
  z.object({ type: z.literal("pong"), ...markShape, ts: z.optional(z.int()) }),
  z.object({ type: z.literal("closing"), reason: z.string() }),
  z.object({ type: z.literal("listeners"), ...markShape, live: z.boolean() }),
  z.object({
    type: z.literal("live"),
    ...markShape,
    track: z.string().check(z.regex(trackNamePattern)),
    sample_rate: z.literal([...liveSampleRatesHz]),
    at_ms: z.optional(z.number().check(z.minimum(0), z.maximum(wireLimits.maxSeq * chunkMs))),
    flush: z.optional(z.boolean()),
    content_b64: z.optional(z.string()),
    content: z.optional(z.instanceof(Uint8Array<ArrayBuffer>)),
  }),
]);

/** @returns undefined for a message that a capture has no use for, or that this version does not know. */
export function parseRoomMessage(data: unknown): ReadMessage | undefined {
  try {
    const value: unknown =
      typeof data === "string"
        ? JSON.parse(data)
        : data instanceof ArrayBuffer
          ? decode(new Uint8Array(data))
          : undefined;
    return readMessageSchema.safeParse(value).data ?? readLaterError(value);
  } catch {
    // Not even JSON or MessagePack: a proxy's noise. What it answered is asked for again in time.
    return undefined;
  }
}

const laterErrorSchema = z.looseObject({
  type: z.literal("error"),
  code: z.string(),
  detail: z.string(),
  retryable: z.boolean(),
});

/** An error of a code that a later version added: what it asks of a capture is whether the same may succeed later. */
function readLaterError(value: unknown): ReadMessage | undefined {
  const { data } = laterErrorSchema.safeParse(value);
  if (!data) return undefined;
  const code: WireErrorCode = data.retryable ? "internal" : "bad_frame";
  return readMessageSchema.safeParse({ ...data, code, detail: `${data.detail} (${data.code})` }).data;
}
