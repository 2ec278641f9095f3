/**
 * Reads the R2 bucket of a local gateway straight from its state directory, past the gateway: a second
 * workerd opens the same files. Works while the gateway runs, since R2's simulator keeps its index in SQLite
 * and writes an object's bytes once, under a name of their own.
 */
import { Failure } from "../../schemas/lib/failure.ts";
import { within } from "../../client/testkit/within.ts";
import { workerBundle } from "./bundle/worker-bundle.ts";
import { idleWorker, openMiniflare } from "./runtime.ts";

/** As much of R2 as is used here: the Workers types would bring another world's globals along. */
interface Bucket {
  list(options: { prefix: string; cursor?: string }): Promise<{
    objects: readonly { readonly key: string }[];
    truncated: boolean;
    cursor?: string;
  }>;
  get(
    key: string,
    options?: { range: ByteRange },
  ): Promise<{
    readonly size: number;
    readonly customMetadata?: Record<string, string>;
    readonly checksums: { readonly sha256?: ArrayBuffer };
    arrayBuffer(): Promise<ArrayBuffer>;
  } | null>;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface ReadObject {
  /** Of the range, where one was asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the whole object. */
  readonly size: number;
  readonly metadata: Record<string, string>;
  /** The SHA-256 that R2 checked when the object was put, hex; undefined where the put named none. */
  readonly sha256: string | undefined;
}

export interface LocalBucket {
  /** Keys that begin with `prefix`, in order. */
  keys(prefix: string): Promise<string[]>;
  /** An object, or a range of it; undefined where there is none. */
  read(key: string, range?: ByteRange): Promise<ReadObject | undefined>;
  close(): Promise<void>;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const binding = "RESULT_BUCKET";
const readTimeoutMs = 60_000;

export async function openLocalBucket(stateDir: string): Promise<LocalBucket> {
  const { workers } = await workerBundle();
  const bucketOptions = workers[0]?.options.r2Buckets[binding];
  if (!bucketOptions) throw new Failure(`wrangler.jsonc has no bucket bound as ${binding}.`);
  const reader = { ...idleWorker, r2Buckets: { [binding]: bucketOptions } };
  const miniflare = await openMiniflare({ stateDir, workers: [reader] });
  const close = (): Promise<void> => miniflare.dispose();
  const bucket: Bucket = await miniflare.getR2Bucket(binding);
  return {
    async keys(prefix) {
      const keys: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await bucket.list(cursor === undefined ? { prefix } : { prefix, cursor });
        keys.push(...page.objects.map(({ key }) => key));
        if (!page.truncated || page.cursor === undefined) return keys;
        cursor = page.cursor;
      }
    },
    async read(key, range) {
      const object = await bucket.get(key, range && { range });
      if (!object) return undefined;
      const { size, customMetadata: metadata = {}, checksums } = object;
      const sha256 = checksums.sha256 && Buffer.from(checksums.sha256).toString("hex");
      return { bytes: new Uint8Array(await object.arrayBuffer()), size, metadata, sha256 };
    },
    close,
  };
}

/** All objects under a prefix, in order of their keys. */
export async function readLocalBucket(stateDir: string, prefix: string): Promise<StoredObject[]> {
  const bucket = await openLocalBucket(stateDir);
  try {
    return await within(readTimeoutMs, readAll(bucket, prefix), "Reading the local R2 bucket took over a minute.");
  } finally {
    await bucket.close();
  }
}

async function readAll(bucket: LocalBucket, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for (const key of await bucket.keys(prefix)) {
    const object = await bucket.read(key);
    if (!object) throw new Failure(`R2 lists ${key} but does not have it.`);
    objects.push({ key, bytes: object.bytes });
  }
  return objects;
}
