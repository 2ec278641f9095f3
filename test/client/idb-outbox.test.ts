import { randomUUID } from "node:crypto";
import { IDBDatabase as FDBDatabase, IDBFactory, IDBObjectStore as FDBObjectStore } from "fake-indexeddb";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openIdbOutbox } from "../../client/browser/idb-outbox.ts";
import { OutboxDamagedError } from "../../client/capture/outbox.ts";
import { type OutboxPlace, testOutbox } from "./outbox.contract.ts";
import { frameOf } from "./support/frame-of.ts";

/** Node has the browser's Web Locks. */
function place(locks: LockManager | null = navigator.locks): Promise<OutboxPlace> {
  const [indexedDB, name] = [new IDBFactory(), `roomtone/${randomUUID()}/mixed`];
  return Promise.resolve({
    open: (maxFrames) => openIdbOutbox({ name, indexedDB, locks, ...(maxFrames === undefined ? {} : { maxFrames }) }),
  });
}

describe("with Web Locks", () => {
  testOutbox({ locks: true, place: () => place() });
});
describe("without", () => {
  testOutbox({ locks: false, place: () => place(null) });
});

/** A second connection to the same database, to do what the outbox would not. */
function openRaw(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name);
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("no database")));
  });
}

async function damage(factory: IDBFactory, name: string, store: string, row: object): Promise<void> {
  const database = await openRaw(factory, name);
  await new Promise<void>((resolve) => {
    const transaction = database.transaction(store, "readwrite");
    transaction.objectStore(store).put(row);
    transaction.addEventListener("complete", () => resolve());
  });
  database.close();
}

test("writes are flushed to disk before they count", async () => {
  const indexedDB = new IDBFactory();
  const outbox = await openIdbOutbox({ name: "strict", indexedDB });
  const transaction = vi.spyOn(FDBDatabase.prototype, "transaction");
  onTestFinished(() => transaction.mockRestore());
  await outbox.put(frameOf(1));
  await outbox.remove([1]);
  await outbox.setEnd({ lastSeq: 1, paddingSamples: 0 });
  const strict = { durability: "strict" };
  expect(transaction.mock.calls).toEqual([
    [["frames", "meta"], "readwrite", strict],
    [["frames"], "readwrite", strict],
    [["meta"], "readwrite", strict],
  ]);
  await outbox.close();
});

test.for(["frames", "meta"])(
  "where %s find no space, the second is refused as a whole and the old ones stay",
  async (full) => {
    const outbox = await openIdbOutbox({ name: "quota", indexedDB: new IDBFactory() });
    await outbox.put(frameOf(1));
    const put = vi.spyOn(FDBObjectStore.prototype, "put");
    onTestFinished(() => put.mockRestore());
    put.mockImplementation(function refuse(this: IDBObjectStore, row: unknown) {
      if (this.name === full) throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
      return this.add(row);
    });
    expect(await outbox.put(frameOf(2))).toBe(false);
    put.mockRestore();
    expect(await outbox.read(2)).toBeUndefined();
    expect(await outbox.load()).toMatchObject({ unacked: [[1, 1]], nextSeq: 2 });
    expect(await outbox.put(frameOf(2))).toBe(true);
    await outbox.close();
  },
);

test("a damaged second is refused when it is read, a damaged record when it is opened", async () => {
  const indexedDB = new IDBFactory();
  const outbox = await openIdbOutbox({ name: "damaged", indexedDB });
  await outbox.put(frameOf(1));
  await damage(indexedDB, "damaged", "frames", { slot: 1, timestamp_ms: 5, pcm: new Uint8Array(3) });
  await expect(outbox.read(1)).rejects.toThrow(OutboxDamagedError);
  await outbox.close();
  await damage(indexedDB, "damaged", "meta", { id: "outbox", version: 2, next_slot: "many" });
  await expect(openIdbOutbox({ name: "damaged", indexedDB })).rejects.toThrow(OutboxDamagedError);
  // The lock is free again after the failure: it fails for the same reason.
  await expect(openIdbOutbox({ name: "damaged", indexedDB })).rejects.toThrow(OutboxDamagedError);
});

test("does not stand in the way of who deletes the site's data, and fails loudly then", async () => {
  const indexedDB = new IDBFactory();
  const outbox = await openIdbOutbox({ name: "gone", indexedDB });
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase("gone");
    request.addEventListener("success", () => resolve());
    request.addEventListener("blocked", () => reject(new Error("blocked")));
  });
  await expect(outbox.put(frameOf(1))).rejects.toThrow(/closed|not open|InvalidState/i);
  await outbox.close();
});
