/** Speaker state, and the contract with the speaker-resolve service (SPEC S, R). */
import * as z from "zod";
import { decodeBase64 } from "../wire/base64.ts";
import { channelCount, sampleRateHz } from "../wire/audio.ts";
import { visibleLineSchema } from "../visible-line.ts";
import { limits } from "../limits.ts";
import { sessionIdSchema } from "../names.ts";

/** An acoustic speaker. It names a path in HTTP, so it needs no escape there. */
export const clusterIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._~:-]{0,63}$/,
    "is A-Z, a-z, 0-9, ., _, ~, : and -, at most 64 characters, starting with a letter or digit",
  );
const personNameSchema = z.string().min(1).max(limits.maxShortTextChars);

const rosterEntrySchema = z.object({
  name: personNameSchema,
  email: z.string().max(limits.maxShortTextChars).optional(),
});
export const rosterSchema = z.array(rosterEntrySchema).max(limits.maxRosterEntries);
/** As it is posted: a misspelt field is refused. */
export const postedRosterSchema = z
  .array(rosterEntrySchema.extend({ name: visibleLineSchema(limits.maxShortTextChars) }).strict())
  .max(limits.maxRosterEntries);
export type Roster = z.infer<typeof rosterSchema>;

export const clusterSchema = z.object({
  cluster_id: clusterIdSchema,
  centroid: z.array(z.number()).max(limits.maxCentroidValues),
  sample_count: z.number().min(0),
  bound_name: personNameSchema.nullish(),
});
export type Cluster = z.infer<typeof clusterSchema>;

/** All that the room knows of a meeting's speakers; goes to the service and comes back updated. */
export const speakerStateSchema = z.object({
  clusters: z.array(clusterSchema).max(limits.maxClusters),
  bindings: z.record(clusterIdSchema, personNameSchema),
  roster: rosterSchema.optional(),
  config: z.record(z.string(), z.unknown()),
});
export type SpeakerState = z.infer<typeof speakerStateSchema>;

const resolveAudioShape = {
  content_b64: z
    .string()
    .min(1)
    .refine((text) => decodeBase64(text).ok, "must be standard base64 (+ and /), padded, without white space"),
  format: z.string().min(1).max(32),
};

/** Body of `POST /v1/sessions/:id/resolve`. */
export const resolveBodySchema = z.strictObject({
  audio: z.strictObject({
    ...resolveAudioShape,
    sample_rate: z.int().min(1_000).max(384_000).default(sampleRateHz),
    channels: z.int().min(1).max(32).default(channelCount),
  }),
  asr_text: z.string().max(limits.maxAsrTextChars).nullish(),
  roster: postedRosterSchema.optional(),
});
export type ResolveBody = z.infer<typeof resolveBodySchema>;

/** What the room asks of the service. */
export type ResolveRequest = {
  session_id: string;
  audio: ResolveBody["audio"];
  asr_text: string | null;
  state: SpeakerState;
};

export const decisionSchema = z.enum(["auto", "confirm", "unknown"]);
const hitSchema = z.union([z.boolean(), z.number(), personNameSchema]);
/** Why the service decided as it did. Only these fields are kept in the event log. */
export const evidenceSchema = z.object({
  sv_score: z.number().nullish(),
  threshold_low: z.number().nullish(),
  threshold_high: z.number().nullish(),
  segment_count: z.number().nullish(),
  name_hit: hitSchema.nullish(),
  roster_hit: hitSchema.nullish(),
});

/** One stretch of one speaker inside the posted audio; ms from its start. */
export const segmentSchema = z
  .object({
    start_ms: z.int().min(0),
    end_ms: z.int().min(1),
    cluster_id: clusterIdSchema,
  })
  .refine(({ start_ms, end_ms }) => start_ms < end_ms, "a segment ends after it starts");
export type Segment = z.infer<typeof segmentSchema>;

/** Two clusters that turned out to be one voice; the first is no longer in `updated_state`. */
const clusterMergeSchema = z.object({ from_cluster_id: clusterIdSchema, into_cluster_id: clusterIdSchema });

/**
 * The service's answer. Loose: what a service adds is handed on to the caller, but only the named fields
 * are ever kept.
 */
export const resolveAnswerSchema = z.looseObject({
  session_id: sessionIdSchema,
  cluster_id: clusterIdSchema,
  speaker_name: personNameSchema.nullable(),
  decision: decisionSchema,
  evidence: evidenceSchema.loose(),
  updated_state: speakerStateSchema,
  /** Finer turns than the whole audio. Without them, all of it is `cluster_id`'s; an empty list says that nobody speaks. */
  segments: z.array(segmentSchema).max(limits.maxSegmentsPerAnswer).optional(),
  merges: z.array(clusterMergeSchema).max(limits.maxClusters).optional(),
});
export type ResolveAnswer = z.infer<typeof resolveAnswerSchema>;
