import { checkedFrame, checkOwner, type Outbox, type OutboxFrame } from "./outbox.ts";
import * as books from "./outbox-book.ts";

/** An outbox that lives and dies with the process. @param maxFrames seconds it may hold; 32 kB each. */
export function createMemoryOutbox(maxFrames = 600): Outbox {
  /** By slot. */
  const frames = new Map<number, OutboxFrame>();
  let book = books.newBook;

  const remove = (seqs: readonly number[]): void => {
    for (const seq of seqs) frames.delete(books.slotOf(book, seq) ?? 0);
  };
  return {
    async bind(owner) {
      checkOwner(book.owner, owner);
      book = books.bound(book, owner);
    },
    load: () => Promise.resolve(books.contentsOf(book, frames.keys())),
    async put(frame) {
      const checked = checkedFrame(frame, books.nextSeqOf(book));
      if (frames.size >= maxFrames) return false;
      book = books.advanced(book, frame.seq + 1);
      frames.set(book.next_slot - 1, checked);
      return true;
    },
    async read(seq) {
      const frame = frames.get(books.slotOf(book, seq) ?? 0);
      return frame && { ...frame, seq };
    },
    async remove(seqs) {
      remove(seqs);
    },
    async skipTo(next) {
      if (next > books.nextSeqOf(book)) book = books.advanced(book, next);
    },
    async setEnd(end) {
      book = books.endedAt(book, end);
    },
    async hold(seq) {
      book = books.held(book, seq);
    },
    async release(by) {
      book = books.released(book, by, Math.min(...frames.keys()));
      return books.endOf(book);
    },
    async setAside(seq) {
      remove([seq]);
    },
    close: () => Promise.resolve(),
  };
}
