import { checkCapacity, checkedFrame, type Outbox, type OutboxFrame } from "./outbox.ts";
import * as states from "./outbox-state.ts";

/** An outbox that lives and dies with the process. @param maxFrames seconds it may hold; 32 kB each. */
export function createMemoryOutbox(maxFrames = 600): Outbox {
  checkCapacity(maxFrames);
  /** By slot. */
  const frames = new Map<number, OutboxFrame>();
  let state = states.newState;

  const remove = (seqs: readonly number[]): void => {
    for (const seq of seqs) frames.delete(states.slotOf(state, seq) ?? 0);
  };
  return {
    async bind(owner, origin) {
      state = states.bound(state, owner, origin);
    },
    load: () => Promise.resolve(states.contentsOf(state, frames.keys())),
    async put(frame) {
      const checked = checkedFrame(frame, states.nextSeqOf(state));
      if (frames.size >= maxFrames) return false;
      state = states.advanced(state, frame.seq + 1, checked.timestampMs);
      frames.set(state.next_slot - 1, checked);
      return true;
    },
    async read(seq) {
      const frame = frames.get(states.slotOf(state, seq) ?? 0);
      return frame && { ...frame, seq };
    },
    async remove(seqs) {
      remove(seqs);
    },
    async skipTo(next) {
      if (next > states.nextSeqOf(state)) state = states.advanced(state, next);
    },
    async setEnd(end) {
      state = states.endedAt(state, end);
    },
    async hold(seq) {
      state = states.held(state, seq);
    },
    async release(by) {
      state = states.released(state, by, Math.min(...frames.keys()));
      return states.endOf(state);
    },
    async setAside(seq) {
      remove([seq]);
    },
    close: () => Promise.resolve(),
  };
}
