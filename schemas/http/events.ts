/** Body of the pages of the event log. */
import * as z from "zod";
import { eventSchema } from "../speech/events.ts";

/** `GET /v1/sessions/:id/events?after=&limit=`. */
export const eventsPageSchema = z.object({
  events: z.array(eventSchema),
  /** Give it as `after` to go on. */
  next_after: z.int().min(0),
  /** Whether there were more events than these when the page was read. */
  has_more: z.boolean(),
});
export type EventsPage = z.infer<typeof eventsPageSchema>;

/** Name of the server-sent event that says: the log is not the one that was read before, and what follows is all of it. */
export const logResetEvent = "log.reset";
