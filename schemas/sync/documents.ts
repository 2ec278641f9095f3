/**
 * What is the same on every device of a user (SPEC SY): settings, knowledge, adapters, each a collection of documents with revisions.
 * Pure shapes; what becomes of them is `server/app/sync`'s, and the device's part `client/sync`'s.
 */
import * as z from "zod";
import { limits } from "../limits.ts";
import { sessionIdPattern } from "../name-patterns.ts";

export const collectionSchema = z.enum(["settings", "knowledge", "adapters"]);
export type Collection = z.infer<typeof collectionSchema>;

export const documentIdSchema = z
  .string()
  .regex(sessionIdPattern, "is A-Z, a-z, 0-9, ., _, ~ and -, at most 128 characters, starting with a letter or digit");
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "is a SHA-256 in 64 digits of lower-case hex");
export const deviceIdSchema = documentIdSchema;
/** A place in the log of a user: 0 is before all. */
export const revisionSchema = z.int().nonnegative();

const titleSchema = z.string().min(1).max(limits.maxTitleChars);
const changeShape = {
  id: documentIdSchema,
  /** Of the document as the device last had it from here; 0 or none: it is new. */
  revision: revisionSchema.optional(),
  deleted: z.literal(true).optional(),
  /** Conflicts that this settles. With nothing else: what stands stays. */
  resolves: z.array(z.string().max(limits.maxShortTextChars)).max(limits.maxSyncChanges).optional(),
};
const sha256 = sha256Schema.optional();
const inlineText = z.string().max(limits.maxSyncInlineChars);

/** Any JSON value; what it is nobody here asks. */
const anyJsonSchema: z.ZodType = z.json();
const settingsBodySchema = z.record(z.string(), anyJsonSchema);

/** A settings document: one JSON object, merged by key where devices disagree. */
export const settingsChangeSchema = z
  .strictObject({ ...changeShape, body: settingsBodySchema.optional() })
  .refine(({ body }) => JSON.stringify(body ?? {}).length <= limits.maxSyncInlineChars, {
    error: `is at most ${limits.maxSyncInlineChars} characters of JSON`,
    path: ["body"],
  });

/** What a knowledge document was. Its body is text whatever it was: of a PDF the client gives the text. */
export const knowledgeTypeSchema = z.enum(["text/plain", "text/markdown", "application/pdf"]);
export const knowledgeChangeSchema = oneBody(
  z.strictObject({
    ...changeShape,
    title: titleSchema.optional(),
    media_type: knowledgeTypeSchema.optional(),
    body: inlineText.optional(),
    sha256,
  }),
);

/** An adapter (LoRA): stored and given again, nothing more. */
export const adapterChangeSchema = oneBody(
  z.strictObject({
    ...changeShape,
    title: titleSchema.optional(),
    media_type: z.string().max(limits.maxShortTextChars).optional(),
    /** The model that it is for. */
    base_model: z.string().max(limits.maxShortTextChars).optional(),
    sha256,
  }),
);

function oneBody<T extends z.ZodType<{ body?: string | undefined; sha256?: string | undefined }>>(schema: T): T {
  return schema.refine(({ body, sha256: hash }) => body === undefined || hash === undefined, {
    error: "stands for the body: not both",
    path: ["sha256"],
  });
}

export type SettingsChange = z.infer<typeof settingsChangeSchema>;
export type KnowledgeChange = z.infer<typeof knowledgeChangeSchema>;
export type AdapterChange = z.infer<typeof adapterChangeSchema>;
export type Change = SettingsChange | KnowledgeChange | AdapterChange;

/** A document as it stands, or as a device wanted it. */
export const versionSchema = z.object({
  id: documentIdSchema,
  revision: revisionSchema,
  deleted: z.boolean(),
  /** Who wrote it, and when. */
  device_id: z.string(),
  at: z.iso.datetime(),
  title: z.string().optional(),
  media_type: z.string().optional(),
  base_model: z.string().optional(),
  body: z.union([z.string(), settingsBodySchema]).optional(),
  sha256: sha256Schema.optional(),
});
export type Version = z.infer<typeof versionSchema>;

/** Two devices changed one document without knowing of each other. `theirs` stands; `yours` is kept until somebody chooses. */
export const conflictSchema = z.object({
  conflict_id: z.string(),
  id: documentIdSchema,
  /** Where in the log it is told. */
  revision: revisionSchema,
  /** Set once it is settled. */
  resolved: z.boolean(),
  /** What came second; its `revision` is the one that its device knew. Gone once settled. */
  yours: versionSchema.nullable(),
  /** What stands now; null where it was deleted and is forgotten. */
  theirs: versionSchema.nullable(),
});
export type Conflict = z.infer<typeof conflictSchema>;

export const outcomeSchema = z.object({
  id: documentIdSchema,
  /** `unchanged`: it stood there like that already. */
  outcome: z.enum(["applied", "unchanged", "conflict", "refused"]),
  /** Of the document as it stands now; 0 where there is none. */
  revision: revisionSchema,
  conflict_id: z.string().optional(),
  /** Why it was refused: the device keeps it. */
  reason: z.enum(["body_missing", "body_too_long", "too_many_documents", "too_many_conflicts", "full"]).optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;
