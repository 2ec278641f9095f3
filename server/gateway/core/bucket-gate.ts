/**
 * The bucket as a room's own modules see it. Once the session is being deleted nothing more can be written through it,
 * whoever tries; and it knows which writes are still on their way, so that a deletion can wait for those.
 */
import { TimeoutError, withTimeout } from "../../../schemas/lib/timeout.ts";

type AnyCall = (...args: readonly unknown[]) => Promise<unknown>;

export class BucketGate {
  /** For everything of the room but its deletion. */
  readonly bucket: R2Bucket;
  readonly #isClosed: () => boolean;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(bucket: R2Bucket, isClosed: () => boolean) {
    this.#isClosed = isClosed;
    this.bucket = withMethods(bucket, {
      put: (...args: readonly unknown[]) => this.#write(bucket, "put", args),
      createMultipartUpload: async (...args: readonly unknown[]) =>
        this.#gatedUpload((await this.#write(bucket, "createMultipartUpload", args)) as R2MultipartUpload),
      resumeMultipartUpload: (key: string, uploadId: string) =>
        this.#gatedUpload(bucket.resumeMultipartUpload(key, uploadId)),
    });
  }

  /** Resolves when no write is under way, or after `ms`: one that hangs must not stop a deletion for ever. */
  async idle(ms: number): Promise<void> {
    try {
      while (this.#underWay.size > 0) await withTimeout(Promise.allSettled(this.#underWay), ms, "R2 write");
    } catch (cause) {
      if (!(cause instanceof TimeoutError)) throw cause;
    }
  }

  /** Its `abort` stays open: that only takes away. */
  #gatedUpload(upload: R2MultipartUpload): R2MultipartUpload {
    return withMethods(upload, {
      uploadPart: (...args: readonly unknown[]) => this.#write(upload, "uploadPart", args),
      complete: (...args: readonly unknown[]) => this.#write(upload, "complete", args),
    });
  }

  async #write<T extends object>(target: T, method: keyof T, args: readonly unknown[]): Promise<unknown> {
    if (this.#isClosed()) throw new Error("the session is being deleted; nothing more is written");
    const writing = (target[method] as AnyCall).apply(target, [...args]);
    this.#underWay.add(writing);
    try {
      return await writing;
    } finally {
      this.#underWay.delete(writing);
    }
  }
}

/** The platform's object with some of its methods replaced. */
function withMethods<T extends object>(target: T, replaced: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get(_, property) {
      if (typeof property === "string" && Object.hasOwn(replaced, property)) return replaced[property];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
