/** What the rest of the app knows of sync. */
export type { BodyRefusal } from "./bodies/bodies.ts";
export { digestOf, Documents, type PushRefusal } from "./documents.ts";
export { PushLog } from "./push-log.ts";
export { BodyRegistry } from "./registry-object.ts";
export { SyncDO } from "./sync-object.ts";
export type { PassageRow } from "./knowledge/knowledge-index.ts";
export type { ConflictRow, DocumentRow } from "./sync-tables.ts";
export { takesWordsAway } from "./words-taken-away.ts";
export { ownDocumentsOf } from "./own-documents.ts";
