/**
 * What a log adds up to, kept in the Worker's memory from one reader to the next, so that each has but the events read that came
 * meanwhile, however long the meeting is (R15). Bounded in bytes and in age.
 *
 * A fold belongs to one reader at a time: it is taken out while it grows and while it is used, and put back only then. So a reader
 * that fails or leaves in the middle costs the fold and never spoils it, and who comes meanwhile begins one of its own. Before it
 * grows, the log is asked whether its event is still the one that was folded last: one that an operator set back is folded anew.
 */
import type { EventType, RoomEvent } from "../../../schemas/speech/events.ts";
import { type LogRoom, readIds, readTypes } from "./log-reader.ts";

/** Takes the events of its types, in order. */
export interface LogFold {
  /** What it is a fold of: one of each kind is kept of a room. */
  readonly kind: string;
  readonly types: readonly EventType[];
  take(events: readonly RoomEvent[]): void;
  /** About how much memory it holds. */
  readonly bytes: number;
}

/** Up to where a log is wanted. */
export interface LogPlace {
  /** Of the room, over all tenants. */
  readonly room: string;
  readonly eventCount: number;
  /** When the last of them came, ms since 1970; undefined of earlier rooms, which don't say: nothing is kept of them. */
  readonly lastAt: number | undefined;
}

interface Kept extends LogPlace {
  readonly fold: LogFold;
  readonly keptAt: number;
}

const maxBytesTogether = 50_331_648;
const keptForMs = 600_000;

export class LogFolds {
  /** By room and kind, those longest unasked first. */
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;
  readonly #maxBytes: number;

  constructor(now: () => number, maxBytes = maxBytesTogether) {
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return [...this.#kept.values()].reduce((sum, { fold }) => sum + fold.bytes, 0);
  }

  /**
   * Folds a log up to a place, and has that used. @param empty one that took no event, of one class for each kind.
   * @param onSlice called with every slice of the log. @throws as a reader of the log does.
   */
  async use<F extends LogFold, T>(
    room: LogRoom,
    place: LogPlace,
    empty: F,
    use: (fold: F) => Promise<T>,
    onSlice?: () => void,
  ): Promise<T> {
    const name = `${place.room}\n${empty.kind}`;
    const known = await this.#takeOut(room, place, name);
    const fold = known ? (known.fold as F) : empty;
    const from = known?.eventCount ?? 0;
    for await (const events of readTypes(room, place.eventCount, fold.types, from)) {
      onSlice?.();
      fold.take(events);
    }
    const used = await use(fold);
    this.#keep(name, { ...place, fold, keptAt: this.#now() });
    return used;
  }

  /** What is kept of the log before a place. What is ahead of it is another reader's, and stays. */
  async #takeOut(room: LogRoom, { eventCount, lastAt }: LogPlace, name: string): Promise<Kept | undefined> {
    this.#dropOld();
    const kept = this.#kept.get(name);
    if (!kept || kept.eventCount > eventCount) return undefined;
    this.#kept.delete(name);
    if (kept.eventCount === eventCount) return kept.lastAt === lastAt ? kept : undefined;
    const [last] = await readIds(room, [kept.eventCount], eventCount);
    return last && Date.parse(last.at) === kept.lastAt ? kept : undefined;
  }

  #keep(name: string, kept: Kept): void {
    const other = this.#kept.get(name);
    if (kept.lastAt === undefined || (other && other.eventCount > kept.eventCount)) return;
    this.#kept.delete(name);
    if (kept.fold.bytes <= this.#maxBytes) this.#kept.set(name, kept);
    for (const [oldest] of this.#kept) {
      if (this.bytes <= this.#maxBytes) return;
      this.#kept.delete(oldest);
    }
  }

  #dropOld(): void {
    for (const [name, { keptAt }] of this.#kept) if (this.#now() - keptAt > keptForMs) this.#kept.delete(name);
  }
}
