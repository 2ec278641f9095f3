/** A device's conflicts as they are shown: with what stands now, which may have gone on since the log told of them. */
import type { KeptConflict } from "./device-rows.ts";
import type { DeviceState } from "./device-state.ts";
import { mergeSettings, type MergedSettings } from "./merge-settings.ts";
import type { BasedOn, SyncConflict, SyncContent } from "./sync-types.ts";

export type ConflictMerge = MergedSettings & Required<BasedOn> & { readonly isBaseKnown: boolean };

/** The log tells of a conflict once, and of a newer version by itself. */
export function conflictOf(state: DeviceState, { collection, conflict }: KeptConflict): SyncConflict {
  const stands = state.version(collection, conflict.id);
  const isNewer = stands !== undefined && stands.revision > (conflict.theirs?.revision ?? 0);
  return { ...conflict, collection, ...(isNewer ? { theirs: stands } : {}) };
}

/** Both sides of a conflict of settings as one, by key. Undefined for any other conflict, and where one side is a deletion. */
export function mergeOf(state: DeviceState, conflictId: string): ConflictMerge | undefined {
  const kept = state.conflict(conflictId);
  if (kept?.collection !== "settings") return undefined;
  const { yours, theirs } = conflictOf(state, kept);
  if (!yours || !theirs || yours.deleted || theirs.deleted) return undefined;
  const merged = mergeSettings(fieldsOf(kept.before?.body), fieldsOf(yours.body), fieldsOf(theirs.body));
  return { ...merged, revision: theirs.revision, isBaseKnown: kept.before !== undefined };
}

function fieldsOf(body: SyncContent["body"]): Readonly<Record<string, unknown>> {
  return typeof body === "object" ? body : {};
}
