/**
 * The record of an outbox in IndexedDB, and what is beside it. Pure.
 *
 * That seconds were never sent counts only as long as a row of its own, `unsent`, is there too: "they may be sent now" is
 * the deletion of that row, which a full store takes as well.
 */
import * as z from "zod/mini";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { OutboxDamagedError } from "../capture/outbox.ts";
import * as states from "../capture/outbox-state.ts";

export const recordId = "outbox";
export const unsentId = "unsent";
export const spareId = "spare";

const recordSchema = z.extend(states.outboxStateSchema, {
  id: z.literal(recordId),
  /** Whether `unsent_from` counts only beside the row `unsent`. Earlier versions had no such row. */
  is_marked: z._default(z.boolean(), false),
});

export const frameSchema = z.object({
  slot: z.int().check(z.minimum(1)),
  timestamp_ms: z.int().check(z.minimum(1)),
  pcm: z.instanceof(Uint8Array).check(z.refine((pcm) => pcm.byteLength === chunkBytes)),
});

/** What on disk says that seconds were never sent: nothing, the row `unsent`, or the record of an earlier version. */
export type HoldOnDisk = "none" | "mark" | "record";

export function recordOf(state: states.OutboxState): z.input<typeof recordSchema> {
  return { id: recordId, is_marked: true, ...state };
}

export function parseRecord(
  value: unknown,
  isUnsent: boolean,
  name: string,
): { readonly state: states.OutboxState; readonly hold: HoldOnDisk } {
  if (value === undefined) return { state: states.newState, hold: "none" };
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) throw new OutboxDamagedError(`The outbox ${name} is damaged, or another version wrote it.`);
  const { id: _id, is_marked, ...state } = parsed.data;
  if (!is_marked) return { state, hold: state.unsent_from === null ? "none" : "record" };
  return isUnsent ? { state, hold: "mark" } : { state: { ...state, unsent_from: null }, hold: "none" };
}
