/**
 * An outbox in IndexedDB: one database a track, so that a crashed tab, or one that was closed too early, goes on
 * where it stopped.
 *
 *   frames  { seq, timestamp_ms, pcm }, by seq
 *   meta    { id: "outbox", next_seq, end }
 *
 * Each change is one transaction with `durability: "strict"`: `put` resolves when the second and the number after
 * it are flushed to disk, together. One writer at a time through Web Locks, which the browser gives free when a
 * tab dies; where there are none, a second writer is not noticed.
 *
 * The browser may still evict a site's data when the disk runs out: ask for `navigator.storage.persist()`.
 */
import * as z from "zod";
import { chunkBytes } from "../../schemas/audio.ts";
import { checkedFrame, type Outbox, OutboxDamagedError, type OutboxEnd, standingEnd } from "../capture/outbox.ts";
import { SeqSet } from "../capture/seq-set.ts";
import { inTransaction, openDatabase, requested } from "./idb.ts";
import { browserLocks, takeLock } from "./web-lock.ts";

const storeNames = ["frames", "meta"] as const;
const recordId = "outbox";
const recordSchema = z.object({
  id: z.literal(recordId),
  next_seq: z.int().min(1),
  end: z.object({ last_seq: z.int().min(0), padding_samples: z.int().min(0) }).nullable(),
});
type OutboxRecord = z.infer<typeof recordSchema>;
const frameSchema = z.object({
  seq: z.int().min(1),
  timestamp_ms: z.int().min(1),
  pcm: z.instanceof(Uint8Array).refine((pcm) => pcm.byteLength === chunkBytes),
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
      upgraded.createObjectStore("frames", { keyPath: "seq" });
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
    seqs: await requested(store("frames").getAllKeys()),
    record: await requested<unknown>(store("meta").get(recordId)),
  }));
  const record = left.record === undefined ? undefined : parseRecord(left.record, database.name);
  const kept = SeqSet.of(left.seqs.filter((key) => typeof key === "number").map((seq) => [seq, seq]));
  let nextSeq = Math.max(record?.next_seq ?? 1, (kept.last ?? 0) + 1);
  let end: OutboxEnd | undefined = record?.end
    ? { lastSeq: record.end.last_seq, paddingSamples: record.end.padding_samples }
    : undefined;

  const writeRecord = (value: OutboxRecord): Promise<unknown> =>
    inTransaction(database, ["meta"], "readwrite", (store) => requested(store("meta").put(value)));

  return {
    load: () => Promise.resolve({ unacked: kept.ranges(), nextSeq, end: standingEnd(end, nextSeq) }),
    async put(frame) {
      const { seq, timestampMs, pcm } = checkedFrame(frame, nextSeq);
      if (kept.size >= maxFrames) return false;
      try {
        await inTransaction(database, storeNames, "readwrite", async (store) => {
          // A copy: a view would be stored with the whole buffer behind it.
          await requested(store("frames").put({ seq, timestamp_ms: timestampMs, pcm: pcm.slice() }));
          await requested(store("meta").put(recordOf(seq + 1, end)));
        });
      } catch (cause) {
        if (cause instanceof Error && cause.name === "QuotaExceededError") return false;
        throw cause;
      }
      kept.add(seq);
      nextSeq = seq + 1;
      return true;
    },
    async read(seq) {
      const row = await inTransaction(database, ["frames"], "readonly", (store) =>
        requested<unknown>(store("frames").get(seq)),
      );
      if (row === undefined) return undefined;
      const parsed = frameSchema.safeParse(row);
      if (!parsed.success) throw new OutboxDamagedError(`Second ${seq} of the outbox ${database.name} is damaged.`);
      return { seq, timestampMs: parsed.data.timestamp_ms, pcm: parsed.data.pcm };
    },
    async remove(seqs) {
      await inTransaction(database, ["frames"], "readwrite", async (store) => {
        await Promise.all(seqs.map((seq) => requested(store("frames").delete(seq))));
      });
      for (const seq of seqs) kept.delete(seq);
    },
    async skipTo(next) {
      if (next <= nextSeq) return;
      await writeRecord(recordOf(next, end));
      nextSeq = next;
    },
    async setEnd(value) {
      await writeRecord(recordOf(nextSeq, value));
      end = value;
    },
    async close() {
      database.close();
      await unlock();
    },
  };
}

function recordOf(nextSeq: number, end: OutboxEnd | undefined): OutboxRecord {
  return {
    id: recordId,
    next_seq: nextSeq,
    end: end ? { last_seq: end.lastSeq, padding_samples: end.paddingSamples } : null,
  };
}

function parseRecord(value: unknown, name: string): OutboxRecord {
  const parsed = recordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new OutboxDamagedError(`The outbox ${name} is damaged, or a newer version wrote it.`);
}
