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
