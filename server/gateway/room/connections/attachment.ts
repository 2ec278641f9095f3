/**
 * Attachments as they come back from hibernation. Another version of the room may have written them, so they are parsed like
 * anything from outside. What the version before wrote is read: `heardAfter` for `answeredAfter`, and one set of fields for
 * all three kinds, of which those that are not a kind's own are dropped.
 */
import * as z from "zod";
import { topicSchema } from "../../../../schemas/wire/messages.ts";
import { trackNameSchema } from "../../../../schemas/names.ts";
import type { Feed } from "./feed.ts";
import type { Peer } from "./peer.ts";

const countSchema = z.int().min(0);

const feedSchema = z
  .object({
    topics: z.array(topicSchema).nullable(),
    after: countSchema,
    answeredAfter: countSchema.optional(),
    heardAfter: countSchema.optional(),
    pingedAt: z.number(),
  })
  .transform(({ topics, after, answeredAfter, heardAfter, pingedAt }): Feed => {
    return { topics, after, answeredAfter: answeredAfter ?? heardAfter ?? after, pingedAt };
  });

const connectedShape = {
  encoding: z.enum(["json", "msgpack"]),
  subject: z.string(),
  feed: feedSchema.nullable(),
  expiresAt: z.number().nullable(),
  badFramesInRow: countSchema,
  waitUntil: z.number(),
  heedlessFrames: countSchema,
};
const captureShape = {
  ...connectedShape,
  role: z.literal("capture"),
  tracks: z.array(trackNameSchema).nullable(),
  ordinal: countSchema,
};

const peerSchema: z.ZodType<Peer> = z.union([
  z.object({ ...captureShape, hasTaken: z.literal(true), track: trackNameSchema }),
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

/** @returns undefined for an attachment that this version can't read. */
export function parseAttachment(attachment: unknown): Peer | undefined {
  return peerSchema.safeParse(attachment).data;
}
