/**
 * An outbox in IndexedDB: one database a track, so that a crashed tab, or one that was closed too early, goes on
 * where it stopped.
 *
 *   frames  { slot, timestamp_ms, pcm }, by slot
 *   meta    { id: "outbox", … } what the frames don't say (capture/outbox-state.ts)
 *           { id: "aside/<slot>", timestamp_ms, pcm } a second that the room has with other bytes
 *
 * Each change is one transaction with `durability: "strict"`: `put` resolves when the second and the slot after
 * it are flushed to disk, together. One writer at a time through Web Locks, which the browser gives free when a
 * tab dies; where there are none, a second writer is not noticed.
 *
 * The browser may still evict a site's data when the disk runs out: ask for `navigator.storage.persist()`.
 */
import * as z from "zod/mini";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { checkedFrame, type Outbox, OutboxDamagedError } from "../capture/outbox.ts";
import * as states from "../capture/outbox-state.ts";
import { SeqSet } from "../capture/seq-set.ts";
import { inTransaction, openDatabase, requested } from "./idb.ts";
import { browserLocks, takeLock } from "./web-lock.ts";

const storeNames = ["frames", "meta"] as const;
const recordId = "outbox";
const recordSchema = z.extend(states.outboxStateSchema, { id: z.literal(recordId) });
type OutboxRecord = z.infer<typeof recordSchema>;
const frameSchema = z.object({
  slot: z.int().check(z.minimum(1)),
  timestamp_ms: z.int().check(z.minimum(1)),
  pcm: z.instanceof(Uint8Array).check(z.refine((pcm) => pcm.byteLength === chunkBytes)),
});

export interface IdbOutboxOptions {
  /** Of the database; one for each session and track, such as `roomtone/<session>/<track>`. */
  readonly name: string;
  /** Seconds it may hold; 32 kB each. Default: four hours. */
  readonly maxFrames?: number;
  /** Default: the browser's. */
  readonly indexedDB?: IDBFactory;
  /** Default: the browser's, if it has them; null goes without. */
  readonly locks?: LockManager | null;
}

/** Opens the outbox. Rejects with OutboxLockedError where another tab captures into it. */
export async function openIdbOutbox(options: IdbOutboxOptions): Promise<Outbox> {
  const { name, maxFrames = 14_400, indexedDB = globalThis.indexedDB } = options;
  const unlock = await takeLock(name, options.locks === undefined ? browserLocks() : options.locks);
  try {
    const database = await openDatabase(indexedDB, name, (upgraded) => {
      upgraded.createObjectStore("frames", { keyPath: "slot" });
      upgraded.createObjectStore("meta", { keyPath: "id" });
    });
    return await openLocked(database, maxFrames, unlock);
  } catch (cause) {
    await unlock();
    throw cause;
  }
}

async function openLocked(database: IDBDatabase, maxFrames: number, unlock: () => Promise<void>): Promise<Outbox> {
  const left = await inTransaction(database, storeNames, "readonly", async (store) => ({
    slots: await requested(store("frames").getAllKeys()),
    record: await requested<unknown>(store("meta").get(recordId)),
  }));
  const stored = left.record === undefined ? states.newState : parseRecord(left.record, database.name);
  const kept = SeqSet.of(left.slots.filter((key) => typeof key === "number").map((slot) => [slot, slot]));
  let state: states.OutboxState = { ...stored, next_slot: Math.max(stored.next_slot, (kept.last ?? 0) + 1) };

  const store = async (next: states.OutboxState): Promise<void> => {
    await inTransaction(database, ["meta"], "readwrite", (stores) => requested(stores("meta").put(recordOf(next))));
    state = next;
  };

  return {
    async bind(owner, origin) {
      await store(states.bound(state, owner, origin));
    },
    load: () => Promise.resolve(states.contentsOf(state, kept)),
    async put(frame) {
      const { seq, timestampMs, pcm } = checkedFrame(frame, states.nextSeqOf(state));
      if (kept.size >= maxFrames) return false;
      const next = states.advanced(state, seq + 1, timestampMs);
      const slot = next.next_slot - 1;
      try {
        await inTransaction(database, storeNames, "readwrite", async (stores) => {
          // A copy: a view would be stored with the whole buffer behind it.
          await requested(stores("frames").put({ slot, timestamp_ms: timestampMs, pcm: pcm.slice() }));
          await requested(stores("meta").put(recordOf(next)));
        });
      } catch (cause) {
        if (isFull(cause)) return false;
        throw cause;
      }
      kept.add(slot);
      state = next;
      return true;
    },
    async read(seq) {
      const slot = states.slotOf(state, seq);
      if (slot === undefined) return undefined;
      const row = await inTransaction(database, ["frames"], "readonly", (stores) =>
        requested<unknown>(stores("frames").get(slot)),
      );
      if (row === undefined) return undefined;
      const parsed = frameSchema.safeParse(row);
      if (!parsed.success) throw new OutboxDamagedError(`Second ${seq} of the outbox ${database.name} is damaged.`);
      return { seq, timestampMs: parsed.data.timestamp_ms, pcm: parsed.data.pcm };
    },
    async remove(seqs) {
      const slots = seqs.map((seq) => states.slotOf(state, seq)).filter((slot) => slot !== undefined);
      await inTransaction(database, ["frames"], "readwrite", async (stores) => {
        await Promise.all(slots.map((slot) => requested(stores("frames").delete(slot))));
      });
      for (const slot of slots) kept.delete(slot);
    },
    async skipTo(next) {
      if (next > states.nextSeqOf(state)) await store(states.advanced(state, next));
    },
    setEnd: (end) => store(states.endedAt(state, end)),
    async hold(seq) {
      const next = states.held(state, seq);
      if (next === state) return;
      try {
        await store(next);
      } catch (cause) {
        // Then a next tab takes these seconds for sent, and sends them under the numbers they have.
        if (!isFull(cause)) throw cause;
        state = next;
      }
    },
    async release(by) {
      await store(states.released(state, by, kept.first ?? state.next_slot));
      return states.endOf(state);
    },
    async setAside(seq) {
      const slot = states.slotOf(state, seq);
      if (slot === undefined || !kept.has(slot)) return;
      await inTransaction(database, storeNames, "readwrite", async (stores) => {
        const row = (await requested<unknown>(stores("frames").get(slot))) as object;
        await requested(stores("meta").put({ ...row, id: `aside/${slot}` }));
        await requested(stores("frames").delete(slot));
      });
      kept.delete(slot);
    },
    async close() {
      database.close();
      await unlock();
    },
  };
}

function recordOf(state: states.OutboxState): OutboxRecord {
  return { id: recordId, ...state };
}

function isFull(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "QuotaExceededError";
}

function parseRecord(value: unknown, name: string): states.OutboxState {
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) throw new OutboxDamagedError(`The outbox ${name} is damaged, or another version wrote it.`);
  const { id: _id, ...state } = parsed.data;
  return state;
}
