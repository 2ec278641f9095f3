/** A quota under fake-indexeddb: while it is used up, a transaction that puts anything is aborted, and one that only deletes is not. */
import { IDBObjectStore as FDBObjectStore } from "fake-indexeddb";
import { onTestFinished, vi } from "vitest";

export interface Quota {
  isFull: boolean;
  /** Bytes that may still be put while it is full: what a spare that was given up leaves. */
  left: number;
}

/** For the test that calls it. */
export function useQuota(): Quota {
  const quota: Quota = { isFull: false, left: 0 };
  // oxlint-disable-next-line typescript/unbound-method -- called with the store that it was called on.
  const original = FDBObjectStore.prototype.put;
  const put = vi.spyOn(FDBObjectStore.prototype, "put");
  onTestFinished(() => put.mockRestore());
  put.mockImplementation(function charge(this: IDBObjectStore, row: unknown) {
    const request = original.call(this as never, row) as never;
    if (!quota.isFull) return request;
    quota.left -= JSON.stringify(row).length;
    // oxlint-disable-next-line no-underscore-dangle -- the library's own way to abort with a reason.
    if (quota.left < 0) (this.transaction as unknown as FakeTransaction)._abort("QuotaExceededError");
    return request;
  });
  return quota;
}

interface FakeTransaction {
  _abort(errorName: string): void;
}
