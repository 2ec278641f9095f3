/**
 * Reads the R2 bucket of a local gateway straight from its state directory, past the gateway: a second
 * workerd opens the same files. Works while the gateway runs, since R2's simulator keeps its index in SQLite
 * and writes an object's bytes once, under a name of their own.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getPlatformProxy, unstable_readConfig as readConfig } from "wrangler";
import { Failure } from "./failure.ts";
import { configPath, quietWrangler } from "./gateway.ts";
import { within } from "./within.ts";

/** The little of R2 that reading takes. */
interface Bucket {
  list(options: { prefix: string; cursor?: string }): Promise<{
    objects: readonly { readonly key: string }[];
    truncated: boolean;
    cursor?: string;
  }>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const binding = "RESULT_BUCKET";
const readTimeoutMs = 60_000;

/** All objects under a prefix, in order of their keys. */
export async function readLocalBucket(stateDir: string, prefix: string): Promise<StoredObject[]> {
  quietWrangler();
  // A configuration of the bucket alone: wrangler would warn about a Durable Object that is not there.
  const folder = mkdtempSync(join(tmpdir(), "roomtone-"));
  try {
    const { r2_buckets, compatibility_date } = readConfig({ config: configPath });
    const onlyBucket = join(folder, "wrangler.json");
    writeFileSync(onlyBucket, JSON.stringify({ name: "roomtone-reader", compatibility_date, r2_buckets }));
    const proxy = await getPlatformProxy<Record<string, Bucket>>({
      configPath: onlyBucket,
      // wrangler puts the version in front when it starts a Worker, and not here.
      persist: { path: join(stateDir, "v3") },
    });
    try {
      const bucket = proxy.env[binding];
      if (!bucket) throw new Failure(`wrangler.jsonc has no bucket bound as ${binding}.`);
      return await within(readTimeoutMs, readAll(bucket, prefix), "Reading the local R2 bucket took over a minute.");
    } finally {
      await proxy.dispose();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readAll(bucket: Bucket, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  let cursor: string | undefined;
  do {
    const page = await bucket.list(cursor === undefined ? { prefix } : { prefix, cursor });
    for (const { key } of page.objects) {
      const object = await bucket.get(key);
      if (!object) throw new Failure(`R2 lists ${key} but does not have it.`);
      objects.push({ key, bytes: new Uint8Array(await object.arrayBuffer()) });
    }
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return objects;
}
