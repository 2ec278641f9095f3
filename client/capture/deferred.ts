/** A promise that is settled from elsewhere. `Promise.withResolvers` is younger than browsers that the library runs in. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (cause: unknown) => void;
}

export function deferred<T>(): Deferred<T> {
  const parts: { resolve?: Deferred<T>["resolve"]; reject?: Deferred<T>["reject"] } = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(parts, { resolve, reject }));
  const { resolve, reject } = parts;
  if (!resolve || !reject) throw new TypeError("a promise calls its executor at once");
  return { promise, resolve, reject };
}
