/**
 * What an outbox knows beside its seconds: whose they are, how they are numbered, where the source ended. Pure: each
 * change gives a new state, which counts once it is stored as a whole.
 *
 * A second is stored under its **slot**: its place in the source, from 1 on and over all runs, which never changes.
 * Its number on the track is the slot plus a shift. A track that turns out to have audio already pushes up the
 * seconds that were never sent; that is one new shift in the state, and no second is touched.
 */
import * as z from "zod/mini";
import type { OutboxContents, OutboxEnd } from "./outbox.ts";
import { SeqSet } from "./seq-set.ts";

const slotSchema = z.int().check(z.minimum(1));

export const outboxStateSchema = z.object({
  version: z.literal(2),
  /** Session and track; null before a capture was bound to it. */
  owner: z.nullable(z.string()),
  next_slot: slotSchema,
  /** No second from this slot on was ever sent; null: each may have been. */
  unsent_from: z.nullable(slotSchema),
  /** From this slot on, numbers are so much higher. Both rise. */
  shifts: z.array(z.object({ from: slotSchema, by: z.int().check(z.minimum(1)) })),
  end: z.nullable(z.object({ last_slot: z.int().check(z.minimum(0)), padding_samples: z.int().check(z.minimum(0)) })),
});
export type OutboxState = z.infer<typeof outboxStateSchema>;

export const newState: OutboxState = {
  version: 2,
  owner: null,
  next_slot: 1,
  unsent_from: 1,
  shifts: [],
  end: null,
};

/** The number of a slot on the track. */
export function seqOf({ shifts }: OutboxState, slot: number): number {
  return slot + (shifts.findLast(({ from }) => from <= slot)?.by ?? 0);
}

/** The slot of a number; undefined for one that is not this outbox's. */
export function slotOf(state: OutboxState, seq: number): number | undefined {
  const slot = seq - (state.shifts.findLast(({ from, by }) => from + by <= seq)?.by ?? 0);
  return slot >= 1 && seqOf(state, slot) === seq ? slot : undefined;
}

export function nextSeqOf(state: OutboxState): number {
  return seqOf(state, state.next_slot);
}

/** A second or a gap took all numbers below `seq`, which is `nextSeqOf` or higher. */
export function advanced(state: OutboxState, seq: number): OutboxState {
  return { ...state, next_slot: state.next_slot + seq - nextSeqOf(state) };
}

/** A capture begins. An end whose last second never got here is taken back: the source goes on. */
export function bound(state: OutboxState, owner: string): OutboxState {
  const end = isEnded(state) ? state.end : null;
  return { ...state, owner, end, unsent_from: state.unsent_from ?? state.next_slot };
}

/** No number from `seq` on was ever sent. What was noted before stands until the next `released`. */
export function held(state: OutboxState, seq: number): OutboxState {
  if (state.unsent_from !== null) return state;
  return { ...state, unsent_from: slotOf(state, seq) ?? state.next_slot };
}

/** What was never sent is numbered higher by `by`, and may be sent. @param lowest slot that is stored. */
export function released(state: OutboxState, by: number, lowest: number): OutboxState {
  const from = state.unsent_from ?? state.next_slot;
  const earlier = state.shifts.filter((shift) => shift.from < from);
  const shifts = by === 0 ? state.shifts : [...earlier, { from, by: (state.shifts.at(-1)?.by ?? 0) + by }];
  // A shift under which nothing is stored any more is of no use, but for the last, which new seconds are under.
  const used = shifts.filter((_, index) => index === shifts.length - 1 || (shifts[index + 1]?.from ?? 0) > lowest);
  return { ...state, shifts: used, unsent_from: null };
}

export function endedAt(state: OutboxState, { lastSeq, paddingSamples }: OutboxEnd): OutboxState {
  const last_slot = state.next_slot + lastSeq - nextSeqOf(state);
  return { ...state, end: { last_slot, padding_samples: paddingSamples } };
}

/** Where the source ended, in numbers of the track; also while its last seconds are still to be stored. */
export function endOf(state: OutboxState): OutboxEnd | undefined {
  if (!state.end) return undefined;
  const { last_slot: last, padding_samples: paddingSamples } = state.end;
  // Slot 0, of a source that gave nothing, lies before the first.
  return { lastSeq: last === 0 ? seqOf(state, 1) - 1 : seqOf(state, last), paddingSamples };
}

/** @param slots that are stored. */
export function contentsOf(state: OutboxState, slots: Iterable<number>): OutboxContents {
  return {
    unacked: SeqSet.of(Array.from(slots, (slot) => [seqOf(state, slot), seqOf(state, slot)] as const)).ranges(),
    nextSeq: nextSeqOf(state),
    unsentFrom: seqOf(state, state.unsent_from ?? state.next_slot),
    sourceSeconds: state.next_slot - 1,
    end: isEnded(state) ? endOf(state) : undefined,
  };
}

/** Whether all up to the end came here, and nothing after it. */
function isEnded({ end, next_slot: next }: OutboxState): boolean {
  return end?.last_slot === next - 1;
}
