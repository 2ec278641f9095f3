/** How much of what waits goes into one push. Pure. */
import { limits } from "../../schemas/limits.ts";
import type { Edit } from "./device-rows.ts";
import { changeOf } from "./device-state.ts";

/** Leaves a push space for all but its changes. */
const maxPushChars = limits.maxSyncRequestBytes - 65_536;

/** As many of the oldest as one push may hold; the first always. */
export function fitting(edits: readonly Edit[]): readonly Edit[] {
  let chars = 0;
  const some = edits.slice(0, limits.maxSyncChanges);
  const beyond = some.findIndex(
    (edit, i) => (chars += new TextEncoder().encode(JSON.stringify(changeOf(edit))).length) > maxPushChars && i > 0,
  );
  return beyond === -1 ? some : some.slice(0, beyond);
}
