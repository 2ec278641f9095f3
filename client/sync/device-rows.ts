/** Rows in which a device keeps its state of sync, by their keys, and what they must look like when they are read again. Pure. */
import * as z from "zod/mini";
import {
  type Collection,
  type Conflict,
  collectionSchema,
  conflictSchema,
  versionSchema,
} from "../../schemas/sync/documents.ts";
import type { SyncContent } from "./sync-types.ts";

const contentSchema = z.looseObject({});
const editSchema = z.object({
  id: z.string(),
  /** Which edit of this device it is: a later one of the same document has a higher number. */
  n: z.int(),
  /** Of the document as the device had it. */
  revision: z.int(),
  /** Null: a deletion. Undefined: nothing but settling conflicts. */
  content: z.optional(z.nullable(contentSchema)),
  /** What the document held when it was edited: for a merge. */
  before: z.optional(z.nullable(contentSchema)),
  resolves: z.array(z.string()),
  attempts: z.int(),
  refused: z.optional(z.string()),
});
const flightSchema = z.object({ push_id: z.string(), edits: z.array(editSchema) });
const placeSchema = z.object({
  since: z.int(),
  scan: z.nullable(z.int()),
  /** Counts resets: what is listed again belongs to the newest. */
  generation: z.int(),
});
const keptDocumentSchema = z.object({ version: versionSchema, generation: z.int() });
const keptConflictSchema = z.object({
  collection: collectionSchema,
  conflict: conflictSchema,
  generation: z.int(),
  is_told: z.boolean(),
  before: z.optional(z.nullable(contentSchema)),
});
const deviceSchema = z.object({
  device_id: z.string(),
  edits: z.int(),
  /** Whose documents these are, as the gateway said it. */
  user: z.optional(z.string()),
});

export type Edit = Omit<z.infer<typeof editSchema>, "content" | "before" | "refused"> & {
  readonly content?: SyncContent | null | undefined;
  readonly before?: SyncContent | null | undefined;
  readonly refused?: string | undefined;
};
export interface Flight {
  readonly push_id: string;
  readonly edits: readonly Edit[];
}
export type KeptConflict = Omit<z.infer<typeof keptConflictSchema>, "before"> & {
  readonly conflict: Conflict;
  readonly before?: SyncContent | null | undefined;
};
export type Place = z.infer<typeof placeSchema>;

export const newPlace: Place = { since: 0, scan: null, generation: 0 };
export const keys = {
  device: "device",
  place: (collection: Collection) => `place/${collection}`,
  flight: (collection: Collection) => `flight/${collection}`,
  document: (collection: Collection, id: string) => `document/${collection}/${id}`,
  edit: (collection: Collection, id: string) => `edit/${collection}/${id}`,
  conflict: (conflictId: string) => `conflict/${conflictId}`,
} as const;

export type Device = z.infer<typeof deviceSchema>;

/** Whether a row is one that this wrote. */
export function isKept(key: string, value: unknown): boolean {
  const schemas: readonly (readonly [string, { safeParse(value: unknown): { success: boolean } }])[] = [
    ["device", deviceSchema],
    ["place/", placeSchema],
    ["flight/", flightSchema],
    ["document/", keptDocumentSchema],
    ["edit/", editSchema],
    ["conflict/", keptConflictSchema],
  ];
  return schemas.some(([prefix, schema]) => key.startsWith(prefix) && schema.safeParse(value).success);
}
