/**
 * R2 as it is on a bad day, a session at a time. Rooms run in the tests' own isolate, so a map is all the
 * remote control it takes. What gets through goes to the real (local) bucket.
 */
type PutHook = (key: string) => Promise<void> | void;

export class BucketFaults {
  /** Keys of all puts, in the order they were asked for. */
  readonly puts: string[] = [];
  #beforePut: PutHook = () => {};
  #afterPut: PutHook = () => {};
  #areGetsDown = false;

  /** Every put whose key matches fails. */
  failPuts(matches: (key: string) => boolean = () => true): void {
    this.#beforePut = (key) => {
      if (matches(key)) throw new Error("put: We encountered an internal error. Please try again. (10001)");
    };
  }

  /** Every put whose key matches neither succeeds nor fails until the returned function is called. */
  holdPuts(matches: (key: string) => boolean = () => true): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#beforePut = (key) => (matches(key) ? promise : undefined);
    return resolve;
  }

  /** The object is written, but the room is told that it was not. */
  loseAnswers(matches: (key: string) => boolean = () => true): void {
    this.#afterPut = (key) => {
      if (matches(key)) throw new Error("put: Network connection lost.");
    };
  }

  /** No object can be read. */
  failGets(): void {
    this.#areGetsDown = true;
  }

  heal(): void {
    this.#areGetsDown = false;
    this.#beforePut = () => {};
    this.#afterPut = () => {};
  }

  get(get: () => Promise<R2ObjectBody | null>): Promise<R2ObjectBody | null> {
    return this.#areGetsDown ? Promise.reject(new Error("get: Internal error (10001)")) : get();
  }

  async put(key: string, put: () => Promise<R2Object>): Promise<R2Object> {
    this.puts.push(key);
    await this.#beforePut(key);
    const object = await put();
    await this.#afterPut(key);
    return object;
  }
}

const faultsBySession = new Map<string, BucketFaults>();

export function bucketFaults(sessionId: string): BucketFaults {
  const known = faultsBySession.get(sessionId) ?? new BucketFaults();
  faultsBySession.set(sessionId, known);
  return known;
}

function faultsOf(key: string): BucketFaults {
  const sessionId = /(?:^|\/)sessions\/([^/]+)\//.exec(key)?.[1];
  if (sessionId === undefined) throw new Error(`no session in key ${key}`);
  return bucketFaults(sessionId);
}

export function faultyBucket(bucket: R2Bucket): R2Bucket {
  const put = (key: string, value: ArrayBuffer | string, options?: R2PutOptions): Promise<R2Object> =>
    faultsOf(key).put(key, () => bucket.put(key, value, options));
  const get = (key: string): Promise<R2ObjectBody | null> => faultsOf(key).get(() => bucket.get(key));
  return new Proxy(bucket, {
    get(target, property) {
      if (property === "put") return put;
      if (property === "get") return get;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
