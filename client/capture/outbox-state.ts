/**
 * What an outbox knows beside its seconds: whose they are, how they are numbered, where the source ended. Pure: each
 * change gives a new state, which counts once it is stored as a whole.
 *
 * A second is stored under its **slot**: its place in the source, from 1 on and over all runs, which never changes.
 * Its number on the track is the slot plus a shift. A track that turns out to have audio already pushes up the
 * seconds that were never sent; that is one new shift in the state, and no second is touched.
 */
import * as z from "zod/mini";
import { chunkMs } from "../../schemas/wire/audio.ts";
import { type OutboxContents, type OutboxEnd, OutboxMismatchError, type OutboxOrigin } from "./outbox.ts";
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
  /** Null where nobody said; an outbox of an earlier version has none of these four. */
  gateway: z._default(z.nullable(z.string()), null),
  source: z._default(z.nullable(z.string()), null),
  /** Slots below it are of earlier sources. */
  source_from: z._default(slotSchema, 1),
  /** When the last second that was put or left out ended, ms since 1970. */
  last_ended_at: z._default(z.nullable(z.number()), null),
});
export type OutboxState = z.infer<typeof outboxStateSchema>;

export const newState: OutboxState = {
  version: 2,
  owner: null,
  next_slot: 1,
  unsent_from: 1,
  shifts: [],
  end: null,
  gateway: null,
  source: null,
  source_from: 1,
  last_ended_at: null,
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

/**
 * A second or a gap took all numbers below `seq`, which is `nextSeqOf` or higher.
 * @param startedAt when the second began, ms since 1970; a gap lasts as long as it is.
 */
export function advanced(state: OutboxState, seq: number, startedAt?: number): OutboxState {
  const slots = seq - nextSeqOf(state);
  const { last_ended_at: before } = state;
  const last_ended_at = startedAt === undefined ? before && before + slots * chunkMs : startedAt + chunkMs;
  return { ...state, next_slot: state.next_slot + slots, last_ended_at };
}

/**
 * A capture begins. An end whose last second never got here is taken back: the source goes on.
 * @throws OutboxMismatchError where the outbox is another's, and may not become this one's.
 */
export function bound(state: OutboxState, owner: string, origin: OutboxOrigin = {}): OutboxState {
  const { gateway = state.gateway, source = state.source, mayChange } = origin;
  if (state.owner !== null && state.owner !== owner)
    throw new OutboxMismatchError(
      "owner",
      `this outbox holds seconds of ${state.owner}, not of ${owner}; use one of its own`,
    );
  // A gateway that was never sent anything lacks nothing.
  const wasSent = state.unsent_from === null || state.unsent_from > 1;
  if (wasSent && state.gateway !== null && state.gateway !== gateway && !mayChange?.gateway)
    throw new OutboxMismatchError("gateway", `this outbox holds seconds for ${state.gateway}, not for ${gateway}`);
  const hasSeconds = state.next_slot > state.source_from || state.end !== null;
  const isOtherSource =
    hasSeconds &&
    source !== null &&
    !isSameSource(state.source, source) &&
    (state.source !== null || state.end === null);
  const end = isEnded(state) ? state.end : null;
  if (isOtherSource && (end || !mayChange?.source))
    throw new OutboxMismatchError(
      "source",
      end
        ? "another source was captured into this track to its end; nothing can follow it"
        : state.source === null
          ? "this outbox does not say of which source its seconds are"
          : "another source was begun in this outbox, and is not captured to its end",
      end === null,
    );
  const source_from = isOtherSource ? state.next_slot : state.source_from;
  return { ...state, owner, gateway, source, source_from, end, unsent_from: state.unsent_from ?? state.next_slot };
}

/** What a later version says of a source begins with what an earlier one said. A known one is never the rest of an unknown one. */
function isSameSource(known: string | null, given: string): boolean {
  return known !== null && (given === known || given.startsWith(`${known}:`));
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
    sourceSeconds: state.next_slot - state.source_from,
    lastEndedAt: state.last_ended_at ?? undefined,
    end: isEnded(state) ? endOf(state) : undefined,
  };
}

/** Whether all up to the end came here, and nothing after it. */
function isEnded({ end, next_slot: next }: OutboxState): boolean {
  return end?.last_slot === next - 1;
}
