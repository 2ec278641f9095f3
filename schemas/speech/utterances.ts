/** Utterances: what was said, as captions from any source. The room keeps them; it makes none itself. */
import * as z from "zod";
import { limits } from "../limits.ts";
import { defaultTrack, trackNameSchema } from "../names.ts";

const utteranceShape = {
  /** The poster's own id. The same id again revises the utterance. */
  utterance_id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}$/),
  track: trackNameSchema,
  /** Place on the track's timeline, ms. */
  start_ms: z
    .int()
    .min(0)
    .max(limits.maxSeq * 1_000),
  end_ms: z
    .int()
    .min(1)
    .max(limits.maxSeq * 1_000),
  text: z.string().max(limits.maxUtteranceChars),
  /** A name the source itself knows; without it the speaker resolved there counts. */
  speaker: z.string().min(1).max(limits.maxShortTextChars).optional(),
};

/** An utterance as it is kept. `revision` counts from 1. */
export const utteranceSchema = z.object({ ...utteranceShape, revision: z.int().min(1) });
export type Utterance = z.infer<typeof utteranceSchema>;

const postedUtteranceSchema = z
  .object({
    ...utteranceShape,
    utterance_id: utteranceShape.utterance_id.optional(),
    track: utteranceShape.track.default(defaultTrack),
  })
  .refine(({ start_ms, end_ms }) => start_ms < end_ms, { message: "must be after start_ms", path: ["end_ms"] })
  .refine(({ start_ms, end_ms }) => end_ms - start_ms <= limits.maxUtteranceMs, {
    message: `an utterance is at most ${limits.maxUtteranceMs} ms long`,
    path: ["end_ms"],
  });
export type PostedUtterance = z.infer<typeof postedUtteranceSchema>;

/** Body of `POST /v1/sessions/:id/utterances`. */
export const utterancesBodySchema = z.object({
  utterances: z.array(postedUtteranceSchema).min(1).max(limits.maxUtterancesPerRequest),
});
export type UtterancesBody = z.infer<typeof utterancesBodySchema>;

/** Its answer, in the order of the request. */
export const utterancesAnswerSchema = z.object({
  utterances: z.array(
    z.object({
      utterance_id: utteranceShape.utterance_id,
      status: z.enum(["added", "revised", "unchanged"]),
      revision: z.int().min(1),
    }),
  ),
});
export type UtterancesAnswer = z.infer<typeof utterancesAnswerSchema>;
