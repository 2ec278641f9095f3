/**
 * R2 as it is on a bad day, a session at a time. Rooms run in the tests' own isolate, so a map is all the
 * remote control it takes. What gets through goes to the real (local) bucket.
 */
import { recentChunks } from "../../../server/gateway/archive/recent-chunks.ts";

type PutHook = (key: string) => Promise<void> | void;
/** What is done to a multipart upload, in order: `part 2`. */
export type UploadStep = "create" | `part ${number}` | "complete" | "abort";
type UploadHook = (step: UploadStep) => Promise<void> | void;

export class BucketFaults {
  /** Keys of all puts, in the order they were asked for. */
  readonly puts: string[] = [];
  /** Keys of all gets, in the order they were asked for. */
  readonly gets: string[] = [];
  mostGetsAtOnce = 0;
  /** Steps of multipart uploads that were asked for, in order. */
  readonly uploadSteps: UploadStep[] = [];
  /** Those of them that R2 has done. */
  readonly uploadStepsDone: UploadStep[] = [];
  /** Uploads that R2 has begun and neither completed nor aborted. */
  readonly openUploads = new Set<string>();
  #getsUnderWay = 0;
  #beforeUpload: UploadHook = () => {};
  #afterUpload: UploadHook = () => {};
  #beforePut: PutHook = () => {};
  #afterPut: PutHook = () => {};
  #areGetsDown = false;
  #areGetsGarbled = false;
  #beforeGet: () => Promise<void> | void = () => {};
  /** Sizes of all deletes, in the order they were asked for. */
  readonly deletes: number[] = [];
  #beforeList: () => Promise<void> | void = () => {};
  #beforeDelete: () => Promise<void> | void = () => {};
  #afterDelete: () => Promise<void> | void = () => {};

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

  /** No object can be read, and of what went to R2 nothing is in memory. */
  failGets(): void {
    recentChunks.forget("");
    this.#areGetsDown = true;
  }

  /** What is read has one other byte than what was put; what R2 noted at the put stays. */
  garbleGets(): void {
    recentChunks.forget("");
    this.#areGetsGarbled = true;
  }

  /** No get looks for its object until the returned function is called. */
  holdGets(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#beforeGet = () => promise;
    return resolve;
  }

  /** A step of a multipart upload fails. */
  failUpload(step: UploadStep): void {
    this.#beforeUpload = (begun) => {
      if (begun === step) throw new Error(`${step}: We encountered an internal error. Please try again. (10001)`);
    };
  }

  /** A step of a multipart upload is done, but the room is told that it was not. */
  loseUploadAnswer(step: UploadStep): void {
    this.#afterUpload = (done) => {
      if (done === step) throw new Error(`${step}: Network connection lost.`);
    };
  }

  /** A step of a multipart upload hangs, before or after R2 did it. @returns what lets it go on. */
  holdUpload(step: UploadStep, when: "before" | "after"): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const hold: UploadHook = (at) => (at === step ? promise : undefined);
    if (when === "before") this.#beforeUpload = hold;
    else this.#afterUpload = hold;
    return resolve;
  }

  /** The `nth` put or step of an upload from now on hangs, before or after R2 did it, and so do all that follow. */
  hangFrom(nth: number, when: "before" | "after"): { readonly hangs: () => boolean; readonly release: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    let seen = 0;
    const hook = (): Promise<void> | void => {
      seen += 1;
      return seen >= nth ? promise : undefined;
    };
    if (when === "before") [this.#beforePut, this.#beforeUpload] = [hook, hook];
    else [this.#afterPut, this.#afterUpload] = [hook, hook];
    return { hangs: () => seen >= nth, release: resolve };
  }

  failLists(): void {
    this.#beforeList = () => {
      throw new Error("list: We encountered an internal error. Please try again. (10001)");
    };
  }

  failDeletes(): void {
    this.#beforeDelete = () => {
      throw new Error("delete: We encountered an internal error. Please try again. (10001)");
    };
  }

  /** Objects are deleted, but the room is told that they were not. */
  loseDeleteAnswers(): void {
    this.#afterDelete = () => {
      throw new Error("delete: Network connection lost.");
    };
  }

  /** No listing or delete, before R2 does it, succeeds or fails until the returned function is called. */
  hold(what: "lists" | "deletes" | "delete answers"): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const hook = (): Promise<void> => promise;
    if (what === "lists") this.#beforeList = hook;
    else if (what === "deletes") this.#beforeDelete = hook;
    else this.#afterDelete = hook;
    return resolve;
  }

  async list(list: () => Promise<R2Objects>): Promise<R2Objects> {
    await this.#beforeList();
    return list();
  }

  async delete(keys: string[], remove: () => Promise<void>): Promise<void> {
    this.deletes.push(keys.length);
    await this.#beforeDelete();
    await remove();
    await this.#afterDelete();
  }

  async upload<T>(step: UploadStep, work: () => Promise<T>): Promise<T> {
    this.uploadSteps.push(step);
    await this.#beforeUpload(step);
    const done = await work();
    this.uploadStepsDone.push(step);
    await this.#afterUpload(step);
    return done;
  }

  heal(): void {
    this.#beforeList = () => {};
    this.#beforeDelete = () => {};
    this.#afterDelete = () => {};
    this.#beforeUpload = () => {};
    this.#afterUpload = () => {};
    this.#areGetsDown = false;
    this.#areGetsGarbled = false;
    this.#beforeGet = () => {};
    this.#beforePut = () => {};
    this.#afterPut = () => {};
  }

  async get(key: string, get: () => Promise<R2ObjectBody | null>): Promise<R2ObjectBody | null> {
    this.gets.push(key);
    if (this.#areGetsDown) throw new Error("get: Internal error (10001)");
    this.#getsUnderWay += 1;
    this.mostGetsAtOnce = Math.max(this.mostGetsAtOnce, this.#getsUnderWay);
    try {
      await this.#beforeGet();
      const object = await get();
      return object && this.#areGetsGarbled ? garbled(object) : object;
    } finally {
      this.#getsUnderWay -= 1;
    }
  }

  async put(key: string, put: () => Promise<R2Object>): Promise<R2Object> {
    this.puts.push(key);
    await this.#beforePut(key);
    const object = await put();
    await this.#afterPut(key);
    return object;
  }
}

function garbled(object: R2ObjectBody): R2ObjectBody {
  return new Proxy(object, {
    get(target, property) {
      if (property === "arrayBuffer") {
        return async () => {
          const bytes = new Uint8Array(await target.arrayBuffer());
          bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
          return bytes.buffer;
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
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
  const get = (key: string, options?: R2GetOptions): Promise<R2ObjectBody | null> =>
    faultsOf(key).get(key, () => bucket.get(key, options));
  const createMultipartUpload = (key: string, options?: R2MultipartOptions): Promise<R2MultipartUpload> =>
    faultsOf(key).upload("create", async () => {
      const { uploadId } = await bucket.createMultipartUpload(key, options);
      faultsOf(key).openUploads.add(uploadId);
      return resumeMultipartUpload(key, uploadId);
    });
  const resumeMultipartUpload = (key: string, uploadId: string): R2MultipartUpload => {
    const upload = bucket.resumeMultipartUpload(key, uploadId);
    const faults = faultsOf(key);
    const end = async <T>(work: Promise<T>): Promise<T> => {
      const done = await work;
      faults.openUploads.delete(uploadId);
      return done;
    };
    return {
      key,
      uploadId,
      uploadPart: (number, value) => faults.upload(`part ${number}`, () => upload.uploadPart(number, value)),
      complete: (parts) => faults.upload("complete", () => end(upload.complete(parts))),
      abort: () => faults.upload("abort", () => end(upload.abort())),
    };
  };
  const list = (options: R2ListOptions): Promise<R2Objects> =>
    // All of the bucket is nobody's.
    options.prefix === undefined ? bucket.list(options) : faultsOf(options.prefix).list(() => bucket.list(options));
  const remove = (keys: string[]): Promise<void> => faultsOf(keys[0] ?? "").delete(keys, () => bucket.delete(keys));
  return new Proxy(bucket, {
    get(target, property) {
      if (property === "list") return list;
      if (property === "delete") return remove;
      if (property === "put") return put;
      if (property === "get") return get;
      if (property === "createMultipartUpload") return createMultipartUpload;
      if (property === "resumeMultipartUpload") return resumeMultipartUpload;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
