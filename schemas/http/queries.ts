/** Query parameters and headers of the HTTP routes: texts in, values out. */
import * as z from "zod";
import { limits } from "../limits.ts";
import { listedStatusSchema } from "./sessions.ts";
import { trackNameSchema } from "../names.ts";
import { topicSchema } from "../wire/messages.ts";

/** Digits and nothing else: what is no number to most would be one to `Number`. */
export const countSchema = z
  .string()
  .regex(/^\d{1,15}$/, "is a whole number")
  .transform(Number)
  // What the digits stand for, as the published contract says it.
  .meta({ type: "integer", minimum: 0 });
export const upTo = (max: number): z.ZodType<number, string> =>
  countSchema
    .refine((value) => value >= 1 && value <= max, `is a number from 1 to ${max}`)
    .meta({ type: "integer", minimum: 1, maximum: max });
const flagSchema = z
  .enum(["true", "false"], "is true or false")
  .transform((text) => text === "true")
  .meta({ type: "boolean" });
const timeSchema = z.iso
  .datetime({ offset: true, error: "is a time as in 2026-01-31T09:00:00Z" })
  .transform((text) => Date.parse(text))
  .meta({ type: "string", format: "date-time" });
/** Of `GET /v1/sessions`. Filters hold together: a session is listed where all of them fit. */
export const listQuerySchema = z
  .strictObject({
    status: z.enum(listedStatusSchema.options, `is one of ${listedStatusSchema.options.join(", ")}`).optional(),
    q: z
      .string()
      .max(limits.maxListQueryChars)
      .optional()
      .describe("A part of the title, the id, or a person's name, in upper or lower case."),
    has_gaps: flagSchema.optional().describe("Whether seconds are missing."),
    archive_behind: flagSchema.optional().describe("Whether R2 lacks seconds that were kept more than a minute ago."),
    created_from: timeSchema.optional().describe("Opened then or later."),
    created_to: timeSchema.optional().describe("Opened before then."),
    limit: upTo(limits.maxSessionsPerPage).default(50).describe("Sessions in the answer."),
    cursor: z.string().optional().describe("`next_cursor` of the page before."),
  })
  .refine(({ created_from: from, created_to: to }) => from === undefined || to === undefined || from < to, {
    message: "is after created_from",
    path: ["created_to"],
  });

const afterSchema = countSchema.default(0).describe("The `event_id` of the last event you have.");
/** Of `GET …/events`. */
export const eventsQuerySchema = z.strictObject({
  after: afterSchema,
  limit: upTo(limits.maxEventsPerPage).default(100).describe("Events in the answer."),
});
const topicsSchema = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(z.enum(topicSchema.options, `are some of ${topicSchema.options.join(", ")}, with commas between`)))
  .meta({ type: "string" });
/** Of `GET …/live`. */
export const liveQuerySchema = z.strictObject({
  after: afterSchema,
  topics: topicsSchema
    .optional()
    .describe(
      `What is sent, with commas between: ${topicSchema.options.join(", ")}. Without it, all events and no live audio.`,
    ),
});

const includeSchema = z
  .enum(["centroids"], "is centroids")
  .optional()
  .describe(
    "`centroids`: what speaker resolve knows of each voice, for API keys alone; without it the lists are empty.",
  );
/** Of `GET …/state`. */
export const stateQuerySchema = z.strictObject({ include: includeSchema });

/** Of `GET …/result`. */
export const resultQuerySchema = z.strictObject({
  include: includeSchema,
  version: upTo(999_999_999).optional().describe("A version that `results` lists; without it, the newest."),
});

/** Of exports. */
export const trackQuerySchema = z.strictObject({
  track: trackNameSchema.optional().describe("One track alone; without it, all of them."),
});

/** Of `GET …/audio.wav`: a stretch of the track's timeline, in ms. */
export const audioQuerySchema = z
  .strictObject({
    track: trackNameSchema.optional().describe("Without it `mixed`, else the first track."),
    from_ms: countSchema.default(0).describe("From here."),
    to_ms: countSchema.optional().describe("Without it, to the end."),
  })
  .refine(({ from_ms, to_ms }) => to_ms === undefined || from_ms < to_ms, {
    message: "is above from_ms",
    path: ["to_ms"],
  });

/** Of `GET …/peaks`. */
export const peaksQuerySchema = z.strictObject({
  track: trackNameSchema.optional().describe("Without it `mixed`, else the first track."),
  points: upTo(limits.maxPeaksPoints).default(2_000).describe("Points in the answer, at most."),
});

/** The headers that an idempotency key may come in. Where both stand there, they are one. */
export const idempotencyHeaders = ["idempotency-key", "x-idempotency-key"] as const;

/** An idempotency key: printable ASCII, compared as it is, quotes included. */
export const idempotencyKeySchema = z.string().regex(/^[\x20-\x7e]{1,255}$/);
