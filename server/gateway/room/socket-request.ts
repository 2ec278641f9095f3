/**
 * What the Worker tells the room about a connection: a URL of its own, because PartyServer keeps a connection's URL
 * in its attachment and the client's may hold a token.
 */
import * as z from "zod";
import { topicSchema } from "../../../schemas/wire/messages.ts";
import { trackNameSchema } from "../../../schemas/names.ts";

/** The room's answer to a connection that it does not take; its body is the `error` message. */
export const refusedStatus = 409;

const encodingSchema = z.enum(["json", "msgpack", "proto"]);
const commonShape = {
  encoding: encodingSchema,
  /** Who asks, as limits tell callers apart. */
  subject: z.string(),
  /** When the connection's credential ends, ms since 1970; never where it is absent. */
  expires_at: z.coerce.number().int().optional(),
  /** W3C trace id of the upgrade, for the room's log. */
  trace_id: z.string().optional(),
};
const listOf = <T>(item: z.ZodType<T>): z.ZodType<readonly T[], string> =>
  z.string().transform((text): readonly T[] => z.array(item).parse(text === "" ? [] : text.split(",")));
const socketRequestSchema = z.discriminatedUnion("role", [
  z.object({
    role: z.literal("capture"),
    ...commonShape,
    track: trackNameSchema.optional(),
    /** The tracks that the credential is for; all where it is absent. */
    tracks: listOf(trackNameSchema).optional(),
    /** Whether the credential may hear what others stream. */
    may_listen: z
      .enum(["true", "false"])
      .transform((text) => text === "true")
      .optional(),
    /** Whether it may have events too. An earlier Worker does not say. */
    reads: z.stringbool().optional(),
  }),
  z.object({
    role: z.literal("watch"),
    ...commonShape,
    /** The last event that the watcher has; 0 for none. */
    after: z.coerce.number().int().min(0),
    /** What it wants; all events, and no live audio, where it is absent. */
    topics: listOf(topicSchema).optional(),
  }),
]);
export type SocketRequest = z.infer<typeof socketRequestSchema>;

export function socketUrl(request: SocketRequest): string {
  const fields = Object.entries(request).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return `https://room/socket?${new URLSearchParams(fields).toString()}`;
}

/** Throws on a URL that `socketUrl` did not make. */
export function parseSocketRequest(url: string): SocketRequest {
  return socketRequestSchema.parse(Object.fromEntries(new URL(url).searchParams));
}
