/** IndexedDB as promises, no more than the outbox needs: a third of what the package `idb` would add to a page. */

/** Opens version 1 of a database. `create` makes its stores when it is new. */
export function openDatabase(
  factory: IDBFactory,
  name: string,
  create: (database: IDBDatabase) => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.addEventListener("upgradeneeded", () => create(request.result));
    request.addEventListener("error", () => reject(reasonOf(request.error)));
    request.addEventListener("success", () => {
      const database = request.result;
      // Someone deletes the database: holding on would block them. Every later call here fails, and says so.
      database.addEventListener("versionchange", () => database.close());
      resolve(database);
    });
  });
}

/**
 * Runs `work` in one transaction, all of it or nothing; resolves when it is on disk. In `work`, await nothing but
 * requests of this transaction: it commits by itself as soon as none is pending.
 */
export async function inTransaction<Name extends string, T>(
  database: IDBDatabase,
  stores: readonly Name[],
  mode: "readonly" | "readwrite",
  work: (store: (name: Name) => IDBObjectStore) => Promise<T>,
): Promise<T> {
  const transaction = database.transaction([...stores], mode, { durability: "strict" });
  const committed = Promise.withResolvers<void>();
  transaction.addEventListener("complete", () => committed.resolve());
  transaction.addEventListener("abort", () => committed.reject(reasonOf(transaction.error)));
  const done = work((name) => transaction.objectStore(name)).catch((cause: unknown) => {
    // A failed request has aborted it already; a value that can't be stored has not.
    if (transaction.error === null) transaction.abort();
    throw cause;
  });
  const [value] = await Promise.all([done, committed.promise]);
  return value;
}

export function requested<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(reasonOf(request.error)));
  });
}

function reasonOf(error: DOMException | null): Error {
  return error ?? new DOMException("The transaction was aborted.", "AbortError");
}
