/** Seconds that this client will never send, kept to be told to the room at every greeting. Sends nothing itself. */
import { wireLimits } from "../../schemas/wire/wire-limits.ts";
import type { GapMessage } from "../../schemas/wire/messages.ts";

/** Both ends are included. */
export interface DeclaredGap {
  readonly from: number;
  readonly to: number;
  readonly cause: "capture_stall" | "client_gave_up";
}

export class DeclaredGaps {
  #gaps: DeclaredGap[] = [];

  /** @returns whether it is to be told; not beyond as many as the room notes. */
  add(gap: DeclaredGap): boolean {
    if (this.#gaps.length >= wireLimits.maxGapNotes) return false;
    this.#gaps.push(gap);
    return true;
  }

  /** What was never sent, from `from` on, got numbers higher by `by`. */
  renumber(from: number, by: number): void {
    this.#gaps = this.#gaps.map((gap) => (gap.from < from ? gap : { ...gap, from: gap.from + by, to: gap.to + by }));
  }

  /** All of them, as the room is told, in the order they were added. */
  messages(): GapMessage[] {
    return this.#gaps.map(gapMessage);
  }
}

/** A gap as the room is told of it. */
export function gapMessage({ from, to, cause }: DeclaredGap): GapMessage {
  return { type: "gap", from_seq: from, to_seq: to, cause };
}
