// workerd has Node's AsyncLocalStorage (nodejs_compat); see `server/shared/lib/node-crypto.d.ts` for why the types are here.
declare module "node:async_hooks" {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, work: () => R): R;
    getStore(): T | undefined;
  }
}
