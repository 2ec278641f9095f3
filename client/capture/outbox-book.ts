/**
 * What an outbox knows beside its seconds: whose they are, how they are numbered, where the source ended. Pure: each
 * change gives a new book, which counts once it is stored as a whole.
 *
 * A second is stored under its **slot**: its place in the source, from 1 on and over all runs, which never changes.
 * Its number on the track is the slot plus a shift. A track that turns out to have audio already pushes up the
 * seconds that were never sent; that is one new shift in the book, and no second is touched.
 */
import * as z from "zod/mini";
import type { OutboxContents, OutboxEnd } from "./outbox.ts";
import { SeqSet } from "./seq-set.ts";

const slotSchema = z.int().check(z.minimum(1));

export const outboxBookSchema = z.object({
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
export type OutboxBook = z.infer<typeof outboxBookSchema>;

export const newBook: OutboxBook = {
  version: 2,
  owner: null,
  next_slot: 1,
  unsent_from: 1,
  shifts: [],
  end: null,
};

/** The number of a slot on the track. */
export function seqOf({ shifts }: OutboxBook, slot: number): number {
  return slot + (shifts.findLast(({ from }) => from <= slot)?.by ?? 0);
}

/** The slot of a number; undefined for one that is not this outbox's. */
export function slotOf(book: OutboxBook, seq: number): number | undefined {
  const slot = seq - (book.shifts.findLast(({ from, by }) => from + by <= seq)?.by ?? 0);
  return slot >= 1 && seqOf(book, slot) === seq ? slot : undefined;
}

export function nextSeqOf(book: OutboxBook): number {
  return seqOf(book, book.next_slot);
}

/** A second or a gap took all numbers below `seq`, which is `nextSeqOf` or higher. */
export function advanced(book: OutboxBook, seq: number): OutboxBook {
  return { ...book, next_slot: book.next_slot + seq - nextSeqOf(book) };
}

/** A capture begins. An end whose last second never got here is taken back: the source goes on. */
export function bound(book: OutboxBook, owner: string): OutboxBook {
  const end = isEnded(book) ? book.end : null;
  return { ...book, owner, end, unsent_from: book.unsent_from ?? book.next_slot };
}

/** No number from `seq` on was ever sent. What was noted before stands until the next `released`. */
export function held(book: OutboxBook, seq: number): OutboxBook {
  if (book.unsent_from !== null) return book;
  return { ...book, unsent_from: slotOf(book, seq) ?? book.next_slot };
}

/** What was never sent is numbered higher by `by`, and may be sent. @param lowest slot that is stored. */
export function released(book: OutboxBook, by: number, lowest: number): OutboxBook {
  const from = book.unsent_from ?? book.next_slot;
  const earlier = book.shifts.filter((shift) => shift.from < from);
  const shifts = by === 0 ? book.shifts : [...earlier, { from, by: (book.shifts.at(-1)?.by ?? 0) + by }];
  // A shift under which nothing is stored any more is of no use, but for the last, which new seconds are under.
  const used = shifts.filter((_, index) => index === shifts.length - 1 || (shifts[index + 1]?.from ?? 0) > lowest);
  return { ...book, shifts: used, unsent_from: null };
}

export function endedAt(book: OutboxBook, { lastSeq, paddingSamples }: OutboxEnd): OutboxBook {
  const last_slot = book.next_slot + lastSeq - nextSeqOf(book);
  return { ...book, end: { last_slot, padding_samples: paddingSamples } };
}

/** Where the source ended, in numbers of the track; also while its last seconds are still to be stored. */
export function endOf(book: OutboxBook): OutboxEnd | undefined {
  if (!book.end) return undefined;
  const { last_slot: last, padding_samples: paddingSamples } = book.end;
  // Slot 0, of a source that gave nothing, lies before the first.
  return { lastSeq: last === 0 ? seqOf(book, 1) - 1 : seqOf(book, last), paddingSamples };
}

/** @param slots that are stored. */
export function contentsOf(book: OutboxBook, slots: Iterable<number>): OutboxContents {
  return {
    unacked: SeqSet.of(Array.from(slots, (slot) => [seqOf(book, slot), seqOf(book, slot)] as const)).ranges(),
    nextSeq: nextSeqOf(book),
    unsentFrom: seqOf(book, book.unsent_from ?? book.next_slot),
    sourceSeconds: book.next_slot - 1,
    end: isEnded(book) ? endOf(book) : undefined,
  };
}

/** Whether all up to the end came here, and nothing after it. */
function isEnded({ end, next_slot: next }: OutboxBook): boolean {
  return end?.last_slot === next - 1;
}
