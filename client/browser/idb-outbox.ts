/**
 * An outbox in IndexedDB: one database a track, so that a crashed tab, or one that was closed too early, goes on
 * where it stopped.
 *
 *   frames  { slot, timestamp_ms, pcm }, by slot
 *   meta    { id: "outbox", … } what the frames don't say (idb-record.ts)
 *           { id: "unsent" } while `unsent_from` of that record counts
 *           { id: "spare", … } a few blocks, given up when the store is full
 *           { id: "aside/<slot>", timestamp_ms, pcm } a second that the room has with other bytes
 *
 * Each change is one transaction with `durability: "strict"`: `put` resolves when the second and the slot after
 * it are flushed to disk, together. One writer at a time through Web Locks, which the browser frees when a
 * tab dies; where there are none, a second writer is not noticed.
 *
 * A full store (SPEC O1) refuses new seconds and nothing else. What it can't take is kept in memory and stored with the
 * next change that finds space: a tab that dies before then has forgotten a gap or an end, and no second. Only `release`
 * must be on disk, and it is a deletion, which needs no space.
 *
 * The browser may still evict a site's data when the disk runs out: ask for `navigator.storage.persist()`.
 */
import {
  checkCapacity,
  checkedFrame,
  type Outbox,
  type OutboxContents,
  OutboxDamagedError,
} from "../capture/outbox.ts";
import type { OutboxEnd, OutboxFault, OutboxFrame, OutboxOrigin } from "../capture/outbox.ts";
import * as states from "../capture/outbox-state.ts";
import { SeqSet } from "../capture/seq-set.ts";
import { type IdbConnection, isFull, isLostConnection, requested, type Stores, unlessFull } from "./idb.ts";
import { frameSchema, type HoldOnDisk, parseRecord, recordId, recordOf, spareId, unsentId } from "./idb-record.ts";
import { type LockedDatabase, openLocked } from "./open-locked.ts";

const storeNames = ["frames", "meta"] as const;
/** More than the record ever takes. */
const spareBytes = 16_384;

/** `name` of the database: one for each session and track, such as `roomtone/<session>/<track>`. */
export interface IdbOutboxOptions extends LockedDatabase {
  /** Seconds it may hold; 32 kB each. Default: four hours. */
  readonly maxFrames?: number;
}

/** Opens the outbox. Rejects with OutboxLockedError where another tab captures into it. */
export async function openIdbOutbox(options: IdbOutboxOptions): Promise<Outbox> {
  const { name, maxFrames = 14_400 } = options;
  checkCapacity(maxFrames);
  const { connection, unlock } = await openLocked(options, (database) => {
    database.createObjectStore("frames", { keyPath: "slot" });
    database.createObjectStore("meta", { keyPath: "id" });
  });
  try {
    return await IdbOutbox.load({ connection, name, maxFrames, unlock });
  } catch (cause) {
    await unlock();
    throw cause;
  }
}

interface Opened {
  readonly connection: IdbConnection;
  readonly name: string;
  readonly maxFrames: number;
  readonly unlock: () => Promise<void>;
}

class IdbOutbox implements Outbox {
  readonly #at: Opened;
  /** Slots of seconds that are to be sent. */
  readonly #kept: SeqSet;
  /** Slots of seconds that are to go, and that a full store has not let go of yet. */
  readonly #removed = new Set<number>();
  readonly #aside = new Set<number>();
  #state: states.OutboxState;
  /** Whether the record on disk is older than the state. */
  #isBehind = false;
  #hold: HoldOnDisk;
  #hasSpare: boolean;

  private constructor(at: Opened, kept: SeqSet, state: states.OutboxState, hold: HoldOnDisk, hasSpare: boolean) {
    this.#at = at;
    this.#kept = kept;
    this.#state = state;
    this.#hold = hold;
    this.#hasSpare = hasSpare;
  }

  static async load(at: Opened): Promise<IdbOutbox> {
    const { slots, record, unsent, spare } = await at.connection.run(storeNames, "readonly", async (store) => ({
      slots: await requested(store("frames").getAllKeys()),
      record: await requested<unknown>(store("meta").get(recordId)),
      unsent: await requested(store("meta").getKey(unsentId)),
      spare: await requested(store("meta").getKey(spareId)),
    }));
    const stored = parseRecord(record, unsent !== undefined, at.name);
    const kept = SeqSet.of(slots.filter((key) => typeof key === "number").map((slot) => [slot, slot]));
    const state = { ...stored.state, next_slot: Math.max(stored.state.next_slot, (kept.last ?? 0) + 1) };
    const outbox = new IdbOutbox(at, kept, state, stored.hold, spare !== undefined);
    await outbox.#ensureSpare();
    return outbox;
  }

  async bind(owner: string, origin?: OutboxOrigin): Promise<void> {
    await this.#note(states.bound(this.#state, owner, origin));
  }

  load(): Promise<OutboxContents> {
    return Promise.resolve(states.contentsOf(this.#state, this.#kept));
  }

  async put(frame: OutboxFrame): Promise<boolean> {
    const { seq, timestampMs, pcm } = checkedFrame(frame, states.nextSeqOf(this.#state));
    if (this.#kept.size + this.#removed.size >= this.#at.maxFrames) return false;
    const next = states.advanced(this.#state, seq + 1, timestampMs);
    const slot = next.next_slot - 1;
    const isStored = await unlessFull(
      this.#change(storeNames, async (stores) => {
        // A copy: a view would be stored with the whole buffer behind it.
        await requested(stores("frames").put({ slot, timestamp_ms: timestampMs, pcm: pcm.slice() }));
        await this.#write(stores("meta"), next);
      }),
    );
    if (!isStored) return false;
    this.#kept.add(slot);
    this.#noteStored(next);
    return true;
  }

  async read(seq: number): Promise<OutboxFrame | undefined> {
    const slot = states.slotOf(this.#state, seq);
    if (slot === undefined || !this.#kept.has(slot)) return undefined;
    const row = await this.#at.connection.run(["frames"], "readonly", (stores) =>
      requested<unknown>(stores("frames").get(slot)),
    );
    const parsed = frameSchema.safeParse(row);
    if (!parsed.success) throw new OutboxDamagedError(`Second ${seq} of the outbox ${this.#at.name} is damaged.`);
    return { seq, timestampMs: parsed.data.timestamp_ms, pcm: parsed.data.pcm };
  }

  async remove(seqs: readonly number[]): Promise<void> {
    for (const seq of seqs) {
      const slot = states.slotOf(this.#state, seq);
      if (slot !== undefined && this.#kept.delete(slot)) this.#removed.add(slot);
    }
    await this.#sweep();
  }

  async skipTo(next: number): Promise<void> {
    if (next > states.nextSeqOf(this.#state)) await this.#note(states.advanced(this.#state, next));
  }

  async setEnd(end: OutboxEnd): Promise<void> {
    await this.#note(states.endedAt(this.#state, end));
  }

  async hold(seq: number): Promise<void> {
    // Forgotten on a full store: then a next tab takes these seconds for sent, under the numbers they have.
    const next = states.held(this.#state, seq);
    if (next !== this.#state) await this.#note(next);
  }

  async release(by: number): Promise<OutboxEnd | undefined> {
    const next = states.released(this.#state, by, this.#lowestSlot);
    try {
      await this.#store(next);
    } catch (cause) {
      if (!isFull(cause)) throw cause;
      // Of what is not stored yet nothing can be doubled: the next second that is brings the new numbers along.
      if (this.#highestSlot >= (this.#state.unsent_from ?? this.#state.next_slot)) {
        if (by !== 0 || this.#hold === "record") throw cause;
        if (this.#hold === "mark") await this.#delete("meta", unsentId);
        this.#hold = "none";
      }
      this.#noteBehind(next);
    }
    return states.endOf(next);
  }

  async setAside(seq: number): Promise<void> {
    const slot = states.slotOf(this.#state, seq);
    if (slot === undefined || !this.#kept.delete(slot)) return;
    this.#aside.add(slot);
    await this.#moveAside();
  }

  faultOf(cause: unknown): OutboxFault | undefined {
    if (isFull(cause)) return "full";
    return isLostConnection(cause) ? "passing" : undefined;
  }

  async close(): Promise<void> {
    try {
      // There may be space by now; and what can't be stored is as the last crash would have left it.
      if (this.#isBehind || this.#removed.size > 0) await this.#sweep();
    } catch (cause) {
      if (this.faultOf(cause) === undefined) throw cause;
    }
    await this.#at.connection.end(new Error(`The outbox ${this.#at.name} is closed.`));
    await this.#at.unlock();
  }

  /** Of the seconds on disk, those that are to go included: a next tab may find them. */
  get #lowestSlot(): number {
    return Math.min(this.#kept.first ?? this.#state.next_slot, ...this.#removed, ...this.#aside);
  }

  get #highestSlot(): number {
    return Math.max(this.#kept.last ?? 0, ...this.#removed, ...this.#aside);
  }

  #change(stores: readonly ("frames" | "meta")[], work: (store: Stores<string>) => Promise<unknown>): Promise<void> {
    return this.#at.connection.run(stores, "readwrite", async (store) => {
      await work(store as Stores<string>);
    });
  }

  async #delete(store: "frames" | "meta", ...keys: readonly (string | number)[]): Promise<void> {
    await this.#change([store], async (stores) => {
      await Promise.all(keys.map((key) => requested(stores(store).delete(key))));
    });
  }

  async #write(meta: IDBObjectStore, next: states.OutboxState): Promise<void> {
    const isUnsent = next.unsent_from !== null;
    await requested(meta.put(recordOf(next)));
    if (isUnsent && this.#hold !== "mark") await requested(meta.put({ id: unsentId }));
    if (!isUnsent && this.#hold === "mark") await requested(meta.delete(unsentId));
  }

  #noteStored(next: states.OutboxState): void {
    this.#state = next;
    this.#isBehind = false;
    this.#hold = next.unsent_from === null ? "none" : "mark";
  }

  #noteBehind(next: states.OutboxState): void {
    this.#state = next;
    this.#isBehind = true;
  }

  /** Puts a state on disk; for that it gives up the spare where it must. */
  async #store(next: states.OutboxState): Promise<void> {
    const write = (): Promise<void> => this.#change(["meta"], (stores) => this.#write(stores("meta"), next));
    if (!(await unlessFull(write()))) {
      if (this.#hasSpare) await this.#delete("meta", spareId);
      this.#hasSpare = false;
      await write();
    }
    this.#noteStored(next);
  }

  /** Puts a state on disk if it can, and else keeps it in memory. */
  async #note(next: states.OutboxState): Promise<void> {
    if (!(await unlessFull(this.#store(next)))) this.#noteBehind(next);
  }

  /** Deletes what is to go, and then stores what found no space before. */
  async #sweep(): Promise<void> {
    const slots = [...this.#removed];
    if (!(await unlessFull(this.#delete("frames", ...slots)))) return;
    for (const slot of slots) this.#removed.delete(slot);
    if (this.#isBehind) await this.#note(this.#state);
    if (this.#aside.size > 0) await this.#moveAside();
    if (!this.#isBehind) await this.#ensureSpare();
  }

  async #moveAside(): Promise<void> {
    for (const slot of this.#aside) {
      const move = this.#change(storeNames, async (stores) => {
        const row = await requested<unknown>(stores("frames").get(slot));
        if (row === undefined) return;
        await requested(stores("frames").delete(slot));
        await requested(stores("meta").put({ ...(row as object), id: `aside/${slot}` }));
      });
      if (!(await unlessFull(move))) return;
      this.#aside.delete(slot);
    }
  }

  async #ensureSpare(): Promise<void> {
    if (this.#hasSpare) return;
    const row = { id: spareId, bytes: new Uint8Array(spareBytes) };
    this.#hasSpare = await unlessFull(this.#change(["meta"], (stores) => requested(stores("meta").put(row))));
  }
}
