/**
 * Attachments as they come back from hibernation. Another version of the room may have written them, so they are parsed like
 * anything from outside. What versions before wrote is read: without what is unread, and with one set of fields for all three
 * kinds, of which those that are not a kind's own are dropped.
 */
import * as z from "zod";
import { eventTopicSchema } from "../../../../schemas/wire/messages.ts";
import { trackNameSchema } from "../../../../schemas/names.ts";
import type { Peer } from "./peer.ts";
import { nothingUnread, type Unread } from "./unread.ts";

const countSchema = z.int().min(0);

const feedSchema = z.object({ topics: z.array(eventTopicSchema).nullable(), after: countSchema });

const unreadSchema: z.ZodType<Unread> = z.object({
  bytes: countSchema,
  mark: z.string().nullable(),
  afterMark: countSchema,
  waitingSince: z.number().nullable(),
});

const connectedShape = {
  encoding: z.enum(["json", "msgpack", "proto"]),
  subject: z.string(),
  feed: feedSchema.nullable(),
  expiresAt: z.number().nullable(),
  badFramesInRow: countSchema,
  waitUntil: z.number(),
  heedlessFrames: countSchema,
  // Absent where an earlier version let it in.
  listens: z.boolean().default(false),
  traceId: z.string().nullable().default(null),
  openedAt: z.number().nullable().default(null),
};
const captureShape = {
  ...connectedShape,
  role: z.literal("capture"),
  tracks: z.array(trackNameSchema).nullable(),
  // Absent where an earlier version let it in.
  reads: z.boolean().default(true),
  ordinal: countSchema,
  mayListen: z.boolean().default(false),
};

const peerSchema: z.ZodType<Peer> = z.union([
  z.object({
    ...captureShape,
    hasTaken: z.literal(true),
    track: trackNameSchema,
    heard: z.boolean().nullable().default(null),
  }),
  z.object({
    ...captureShape,
    hasTaken: z.literal(false),
    track: trackNameSchema.nullable(),
    uncountedBadFrames: countSchema,
    // Absent where an earlier version let it in.
    takeBy: z.number().nullable().default(null),
  }),
  z.object({ ...connectedShape, role: z.literal("watch") }),
]);

/** What is attached to a socket. */
export interface Attached {
  readonly peer: Peer;
  readonly unread: Unread;
}

/** @returns undefined for an attachment that this version can't read. */
export function parseAttachment(attachment: unknown): Attached | undefined {
  const peer = peerSchema.safeParse(attachment).data;
  if (!peer) return undefined;
  const { data } = z.object({ unread: unreadSchema }).safeParse(attachment);
  return { peer, unread: data?.unread ?? nothingUnread };
}

export function toAttachment({ peer, unread }: Attached): unknown {
  return { ...peer, unread };
}
