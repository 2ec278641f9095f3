/**
 * Which missing seconds of a track were waited for long enough: all that lay before its last kept second so long ago. So however
 * many there are, they are waited for together. Pure, and bounded: a track is noted once a second at most.
 */
import { isWithin } from "../../shared/lib/cooldown.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";

/** How long a missing second is waited for, in case it comes late. */
export const gapPatienceMs = 15_000;
const noteEveryMs = 1_000;

export class GapPatience {
  /** Up to where the track was kept, and when, in order; of those that are old enough only the last. */
  #notes: { readonly at: number; readonly upToMs: number }[] = [];

  /** @param lastSeq the track's last kept second. @param now ms since 1970. */
  note(lastSeq: number, now: number): void {
    const last = this.#notes.at(-1);
    const upToMs = lastSeq * chunkMs;
    if (last && (isWithin(noteEveryMs, last.at, now) || upToMs <= last.upToMs)) return;
    this.#notes.push({ at: now, upToMs });
    const old = this.#notes.findLastIndex(({ at }) => !isWithin(gapPatienceMs, at, now));
    if (old > 0) this.#notes = this.#notes.slice(old);
  }

  /** Whether what is missing at a place was waited for. */
  isOver(ms: number, now: number): boolean {
    return this.#notes.some(({ at, upToMs }) => !isWithin(gapPatienceMs, at, now) && ms < upToMs);
  }
}
