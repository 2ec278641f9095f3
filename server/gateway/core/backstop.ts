/**
 * How long after work was begun in the background the alarm looks whether it was done. Setting the alarm and its job costs rows, and a
 * room that lives does the work by itself: so the alarm of a room that it found nothing to do in comes later. A room that just began, or
 * whose alarm did find something, is looked at soon.
 */
const [soonMs, lateMs] = [5_000, 30_000] as const;

export class Backstop {
  #ms: number = soonMs;

  get ms(): number {
    return this.#ms;
  }

  /** The alarm went off. @param hadWork whether there was anything for it to do. */
  wentOff(hadWork: boolean): void {
    this.#ms = hadWork ? soonMs : lateMs;
  }
}
