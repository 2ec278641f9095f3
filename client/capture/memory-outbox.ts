import { checkedFrame, type Outbox, type OutboxContents, type OutboxFrame, standingEnd } from "./outbox.ts";
import { SeqSet } from "./seq-set.ts";

/** An outbox that lives and dies with the process. @param maxFrames seconds it may hold; 32 kB each. */
export function createMemoryOutbox(maxFrames = 600): Outbox {
  const frames = new Map<number, OutboxFrame>();
  let nextSeq = 1;
  let end: OutboxContents["end"];
  return {
    load: () =>
      Promise.resolve({
        unacked: SeqSet.of([...frames.keys()].map((seq) => [seq, seq])).ranges(),
        nextSeq,
        end: standingEnd(end, nextSeq),
      }),
    async put(frame) {
      const checked = checkedFrame(frame, nextSeq);
      if (frames.size >= maxFrames) return false;
      frames.set(frame.seq, checked);
      nextSeq = frame.seq + 1;
      return true;
    },
    read: (seq) => Promise.resolve(frames.get(seq)),
    remove(seqs) {
      for (const seq of seqs) frames.delete(seq);
      return Promise.resolve();
    },
    skipTo(next) {
      nextSeq = Math.max(nextSeq, next);
      return Promise.resolve();
    },
    setEnd(value) {
      end = value;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
