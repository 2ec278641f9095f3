/** Bodies of the routes on sync (SPEC SY): what a device pushes and pulls, the lock, and bodies by their SHA-256. */
import * as z from "zod";
import { limits } from "../limits.ts";
import { upTo } from "./queries.ts";
import {
  adapterChangeSchema,
  collectionSchema,
  conflictSchema,
  deviceIdSchema,
  knowledgeChangeSchema,
  outcomeSchema,
  revisionSchema,
  settingsChangeSchema,
  sha256Schema,
  versionSchema,
} from "../sync/documents.ts";
import { chatContextSchema, chatIdSchema, chatTitleSchema } from "./chats.ts";

const short = z.string().min(1).max(limits.maxShortTextChars);

const requestShape = {
  /** One for each device, drawn by it once. */
  device_id: deviceIdSchema,
  /** Of this push: the same again is the same push, whatever became of its answer. */
  push_id: short.optional(),
  /** What the device knew when it made changes that name no revision. */
  base_revision: revisionSchema.optional(),
  /** Of the lock, where the device holds it. */
  fence: z.int().min(1).optional(),
  /** Everything after this revision is pulled; `base_revision` where it is not there, else 0: all. */
  since: revisionSchema.optional(),
  /** As the answer before gave it, until there is nothing more. */
  scan: revisionSchema.optional(),
  limit: z.int().min(1).max(limits.maxSyncRowsPerPage).default(limits.maxSyncRowsPerPage),
};

function bodyWith<T extends z.ZodType<{ id: string }>>(change: T) {
  const changes = z
    .array(change)
    .max(limits.maxSyncChanges)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, { error: "names a document twice" })
    .default([]);
  return z.strictObject({ ...requestShape, changes });
}

export const syncSettingsBodySchema = bodyWith(settingsChangeSchema);
export const syncKnowledgeBodySchema = bodyWith(knowledgeChangeSchema);
export const syncAdaptersBodySchema = bodyWith(adapterChangeSchema);
export type SyncBody = z.infer<
  typeof syncSettingsBodySchema | typeof syncKnowledgeBodySchema | typeof syncAdaptersBodySchema
>;

const pulledShape = {
  /** The next `since`. */
  revision: revisionSchema,
  /** What became of each change, in their order. */
  applied: z.array(outcomeSchema),
  has_more: z.boolean(),
  /** The next `scan`; null where the device has everything. */
  scan: revisionSchema.nullable(),
  /** What the device asked for lies beyond the log: what follows is all there is, and what is not among it is gone. */
  reset: z.boolean(),
};
export const syncAnswerSchema = z.object({
  ...pulledShape,
  /** Whose documents these are, in a form that says nothing of them: the same on all devices of a user, and nobody else's. */
  user: z.string().max(64).optional(),
  conflicts: z.array(conflictSchema),
  changes: z.array(versionSchema),
});
export type SyncAnswer = z.infer<typeof syncAnswerSchema>;

/** A chat, as far as devices change it; its messages are those of `/v1/chats`. */
export const historyChangeSchema = z.strictObject({
  id: chatIdSchema,
  revision: revisionSchema.optional(),
  deleted: z.literal(true).optional(),
  title: chatTitleSchema.optional(),
  context: chatContextSchema.optional(),
  model: short.nullable().optional(),
  resolves: z.array(short).max(limits.maxSyncChanges).optional(),
});
export type HistoryChange = z.infer<typeof historyChangeSchema>;
export const syncHistoryBodySchema = bodyWith(historyChangeSchema);

export const historyVersionSchema = z.object({
  id: chatIdSchema,
  revision: revisionSchema,
  deleted: z.boolean(),
  at: z.iso.datetime(),
  title: z.string().nullable().optional(),
  context: chatContextSchema.optional(),
  model: z.string().nullable().optional(),
  message_count: z.int().nonnegative().optional(),
});
export type HistoryVersion = z.infer<typeof historyVersionSchema>;
export const historyConflictSchema = conflictSchema.extend({
  id: chatIdSchema,
  yours: historyVersionSchema.nullable(),
  theirs: historyVersionSchema.nullable(),
});
export const syncHistoryAnswerSchema = z.object({
  ...pulledShape,
  conflicts: z.array(historyConflictSchema),
  changes: z.array(historyVersionSchema),
});
export type SyncHistoryAnswer = z.infer<typeof syncHistoryAnswerSchema>;

/** Body of `POST /v1/sync/lock`. */
export const syncLockBodySchema = z.strictObject({
  device_id: deviceIdSchema,
  /** Renews the lock that has it. */
  fence: z.int().min(1).optional(),
  /** Gives it free. */
  release: z.literal(true).optional(),
});
export const syncLockAnswerSchema = z.object({
  /** Goes with every push while the lock is held. */
  fence: z.int().nonnegative(),
  is_held: z.boolean(),
  expires_at: z.iso.datetime().nullable(),
});

/** Body of `POST /v1/sync/bodies`. */
export const startBodySchema = z.strictObject({
  sha256: sha256Schema,
  bytes: z.int().min(1).max(limits.maxSyncBodyBytes),
});
export const bodyStateSchema = z.object({
  sha256: sha256Schema,
  bytes: z.int().min(1),
  /** Nothing has to be sent any more. */
  is_kept: z.boolean(),
  /** Each part but the last has so many bytes. */
  part_bytes: z.int().min(1),
  parts: z.int().min(1),
  /** Those that are here. */
  received: z.array(z.int().min(1)),
});
export type BodyState = z.infer<typeof bodyStateSchema>;
export const partParameterSchema = upTo(10_000);

const collectionStatusSchema = z.object({
  documents: z.int().nonnegative(),
  open_conflicts: z.int().nonnegative(),
});
export const syncStatusSchema = z.object({
  revision: revisionSchema,
  collections: z.record(collectionSchema, collectionStatusSchema),
  bytes: z.object({ used: z.int().nonnegative(), max: z.int() }),
  lock: z.object({ device_id: z.string(), expires_at: z.iso.datetime() }).nullable(),
  devices: z.array(z.object({ device_id: z.string(), last_at: z.iso.datetime(), revision: revisionSchema })),
});
export type SyncStatus = z.infer<typeof syncStatusSchema>;
