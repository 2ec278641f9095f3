/**
 * IndexedDB as promises, no more than the outbox needs: a third of what the package `idb` would add to a page.
 *
 * Guarantees (SPEC O2): a connection that the browser closed is opened again, and the transaction that it broke is run
 * once more; a database that was deleted is never made anew in silence. Knows nothing of seconds and slots.
 */
import { deferred } from "../capture/deferred.ts";
import { OutboxDamagedError } from "../capture/outbox.ts";

export type Stores<Name extends string> = (name: Name) => IDBObjectStore;

/** What transactions reject with when their connection was closed, or the browser lost its storage process. */
export function isLostConnection(cause: unknown): boolean {
  return cause instanceof Error && ["InvalidStateError", "AbortError", "UnknownError"].includes(cause.name);
}

/** What they reject with when the origin's quota, or the disk, is used up. */
export function isFull(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "QuotaExceededError";
}

/** @returns false where the store is full. */
export async function unlessFull(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (cause) {
    if (isFull(cause)) return false;
    throw cause;
  }
}

export class IdbConnection {
  readonly #factory: IDBFactory;
  readonly #name: string;
  #database: Promise<IDBDatabase> | undefined;
  /** Set when no transaction may run any more. */
  #failure: Error | undefined;

  private constructor(factory: IDBFactory, name: string) {
    this.#factory = factory;
    this.#name = name;
  }

  /** Opens version 1 of a database. `create` makes its stores when it is new. */
  static async open(
    factory: IDBFactory,
    name: string,
    create: (database: IDBDatabase) => void,
  ): Promise<IdbConnection> {
    const connection = new IdbConnection(factory, name);
    await connection.#open(create);
    return connection;
  }

  /**
   * Runs `work` in one transaction, all of it or nothing; resolves when it is on disk. `work` may run twice, and must
   * await nothing but requests of its transaction, which commits by itself as soon as none is pending.
   */
  async run<Name extends string, T>(
    stores: readonly Name[],
    mode: "readonly" | "readwrite",
    work: (store: Stores<Name>) => Promise<T>,
  ): Promise<T> {
    try {
      return await inTransaction(await this.#open(), stores, mode, work);
    } catch (cause) {
      if (this.#failure || !isLostConnection(cause)) throw cause;
    }
    await this.#disconnect();
    return inTransaction(await this.#open(), stores, mode, work);
  }

  /** Lets no transaction run any more; those under way are finished. */
  async end(failure: Error): Promise<void> {
    this.#failure ??= failure;
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  #open(create?: (database: IDBDatabase) => void): Promise<IDBDatabase> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#database) return this.#database;
    const opening = this.#request(create);
    this.#database = opening;
    const forget = (): void => {
      if (this.#database === opening) this.#database = undefined;
    };
    opening.then((database) => database.addEventListener("close", forget), forget);
    return opening;
  }

  #request(create: ((database: IDBDatabase) => void) | undefined): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = this.#factory.open(this.#name, 1);
      const isGone = (): Error => {
        this.#failure = new OutboxDamagedError(`The outbox ${this.#name} was deleted while open; it is closed.`);
        return this.#failure;
      };
      request.addEventListener("upgradeneeded", () => {
        if (create) return create(request.result);
        // Opened again, and new: an empty outbox in its place would hide that its seconds are gone.
        reject(isGone());
        request.transaction?.abort();
      });
      request.addEventListener("error", () => reject(reasonOf(request.error)));
      request.addEventListener("success", () => {
        const database = request.result;
        // Someone deletes the database: holding on would block them. Every later call here fails with the reason.
        database.addEventListener("versionchange", () => {
          isGone();
          database.close();
        });
        resolve(database);
      });
    });
  }
}

async function inTransaction<Name extends string, T>(
  database: IDBDatabase,
  stores: readonly Name[],
  mode: "readonly" | "readwrite",
  work: (store: Stores<Name>) => Promise<T>,
): Promise<T> {
  const transaction = database.transaction([...stores], mode, { durability: "strict" });
  const committed = deferred<void>();
  transaction.addEventListener("complete", () => committed.resolve());
  transaction.addEventListener("abort", () => committed.reject(reasonOf(transaction.error)));
  const done = work((name) => transaction.objectStore(name)).catch((cause: unknown) => {
    abort(transaction);
    // Requests that were pending say that they were aborted; the transaction says why.
    throw transaction.error ?? cause;
  });
  const [value] = await Promise.all([done, committed.promise]);
  return value;
}

/** A failed request has aborted its transaction already; a value that can't be stored has not. */
function abort(transaction: IDBTransaction): void {
  if (transaction.error !== null) return;
  try {
    transaction.abort();
  } catch (cause) {
    // It is over: its connection was closed by force.
    if (!isLostConnection(cause)) throw cause;
  }
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
