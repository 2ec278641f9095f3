/** Utterances: what was said, as captions from any source. The room keeps them; it makes none itself. */
import * as z from "zod";
import { limits } from "../limits.ts";
import { defaultTrack, trackNameSchema } from "../names.ts";
import { visibleLineSchema } from "../visible-line.ts";

const placeSchema = z
  .int()
  .min(0)
  .max(limits.maxSeq * 1_000);

/** `provider/model`. */
export const modelNameSchema = z.string().regex(/^[a-z0-9-]{1,32}\/[A-Za-z0-9@._:/-]{1,120}$/, "is provider/model");

const utteranceShape = {
  /** The poster's own id, of one utterance of the track. The same id again revises it. */
  utterance_id: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}$/,
      "is A-Z, a-z, 0-9, ., _, :, ~ and -, at most 128 characters, starting with a letter or digit",
    ),
  track: trackNameSchema,
  /** Place on the track's timeline, ms. */
  start_ms: placeSchema,
  /** The same as `start_ms` where the source gives no length. */
  end_ms: placeSchema,
  text: z.string().max(limits.maxUtteranceChars),
  /** A name the source itself knows; without it the speaker resolved there counts. */
  speaker: z.string().min(1).max(limits.maxShortTextChars).optional(),
  /** Whether its source is done with it: no version that is not final takes its place any more. */
  final: z.boolean().optional(),
  /** The model that wrote it, as `provider/model`; without it a person or another program did, and no model's version replaces it. */
  model: modelNameSchema.optional(),
};

/** An utterance as it is kept. `revision` is its poster's number, or one more than that of the version before. */
export const utteranceSchema = z.object({
  ...utteranceShape,
  revision: z.int().min(0),
  /** A model heard it, and the one that transcribed the same audio later did not: it is in no transcript. */
  withdrawn: z.literal(true).optional(),
});
export type Utterance = z.infer<typeof utteranceSchema>;

export const postedUtteranceSchema = z
  .strictObject({
    ...utteranceShape,
    utterance_id: utteranceShape.utterance_id.optional(),
    track: utteranceShape.track.default(defaultTrack),
    /** The poster's number of this version: a higher one is newer. Without it the version that comes last is the newest. */
    revision: z.int().min(0).max(limits.maxUtteranceRevision).optional(),
    speaker: visibleLineSchema(limits.maxShortTextChars).optional(),
  })
  .refine(({ start_ms, end_ms }) => start_ms <= end_ms, { message: "must not be before start_ms", path: ["end_ms"] })
  .refine(({ start_ms, end_ms }) => end_ms - start_ms <= limits.maxUtteranceMs, {
    message: `must be at most ${limits.maxUtteranceMs} ms after start_ms`,
    path: ["end_ms"],
  })
  .refine(({ revision, utterance_id }) => revision === undefined || utterance_id !== undefined, {
    message: "is the number of a version, which takes an utterance_id",
    path: ["revision"],
  });
export type PostedUtterance = z.infer<typeof postedUtteranceSchema>;

/** Body of `POST /v1/sessions/:id/utterances`. Each utterance is taken or refused by itself. */
export const utterancesBodySchema = z.strictObject({
  utterances: z.array(postedUtteranceSchema).min(1).max(limits.maxUtterancesPerRequest),
});
export type UtterancesBody = z.infer<typeof utterancesBodySchema>;

/** What a model heard in a stretch of a track: all of it, in place of what a model heard there before. */
export const heardStretchSchema = z.strictObject({
  track: trackNameSchema,
  /** From one place to before the other. */
  from_ms: placeSchema,
  to_ms: placeSchema,
  model: modelNameSchema,
  /**
   * `partial`: speech goes on in it, and what is heard of it will be heard again; without a segment nobody will, and what stands of it so is
   * taken back. `early`: it is known to its end, and not yet who
   * speaks in it: it will be heard of again. Without it this is the last word of whoever hears.
   */
  standing: z.enum(["partial", "early"]).optional(),
  segments: z
    .array(
      z.strictObject({
        start_ms: placeSchema,
        end_ms: placeSchema,
        text: z.string().min(1).max(limits.maxUtteranceChars),
      }),
    )
    .max(limits.maxUtterancesPerRequest),
});
export type HeardStretch = z.infer<typeof heardStretchSchema>;

/** That body before its utterances were looked at. */
export const utteranceListSchema = z.strictObject({
  utterances: z.array(z.unknown()).min(1).max(limits.maxUtterancesPerRequest),
});

const takenSchema = z.object({
  utterance_id: utteranceShape.utterance_id,
  /** `unchanged`: it is kept like this already, or what is kept is newer. */
  status: z.enum(["added", "revised", "unchanged"]),
  /** Of the version that is kept. */
  revision: z.int().min(0),
});

const refusedSchema = z.object({
  utterance_id: utteranceShape.utterance_id.optional(),
  status: z.literal("refused"),
  /**
   * `bad_request`: it is no utterance. `revision_conflict`: other words are kept under this revision, and stay. `log_full`: the
   * session's event log holds no more of its caller's.
   */
  code: z.enum(["bad_request", "revision_conflict", "log_full"]),
  /** What is wrong with it. */
  detail: z.string(),
});

/** What became of one utterance. */
export type UtteranceOutcome = z.infer<typeof takenSchema> | z.infer<typeof refusedSchema>;

/** Its place in the request. */
const index = z.int().min(0);

/** The answer, in the order of the request. */
export const utterancesAnswerSchema = z.object({
  utterances: z.array(z.discriminatedUnion("status", [takenSchema.extend({ index }), refusedSchema.extend({ index })])),
});
export type UtterancesAnswer = z.infer<typeof utterancesAnswerSchema>;
