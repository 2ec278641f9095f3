/**
 * Memory that copies rows. There is one rule for all of it: a copy is what a read gives, or what was set in the same step as
 * the write it mirrors, and every copy is forgotten when a transaction is undone. So memory never holds what the database
 * does not, whatever throws where.
 */
import type { Database } from "./sql.ts";

export interface Cached<T> {
  /** Reads the rows where memory has no copy. */
  get(): T;
  /** Call after the write that makes it true, in the same transaction. */
  set(value: T): void;
  /** The next `get` reads again. */
  forget(): void;
}

export function cached<T>(db: Pick<Database, "onRollback">, read: () => T): Cached<T> {
  let copy: { readonly value: T } | undefined;
  const forget = (): void => {
    copy = undefined;
  };
  db.onRollback(forget);
  return {
    get: () => (copy ??= { value: read() }).value,
    set: (value) => {
      copy = { value };
    },
    forget,
  };
}

export interface CachedByKey<K, T> {
  get(key: K): T;
  set(key: K, value: T): void;
  forget(key?: K): void;
}

/** @param read for keys of which there are few, such as tracks: nothing is thrown out to make room. */
export function cachedByKey<K, T>(db: Pick<Database, "onRollback">, read: (key: K) => T): CachedByKey<K, T> {
  const copies = new Map<K, { readonly value: T }>();
  db.onRollback(() => copies.clear());
  return {
    get: (key) => {
      const copy = copies.get(key) ?? { value: read(key) };
      copies.set(key, copy);
      return copy.value;
    },
    set: (key, value) => {
      copies.set(key, { value });
    },
    forget: (key) => {
      if (key === undefined) copies.clear();
      else copies.delete(key);
    },
  };
}
