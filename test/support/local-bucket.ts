/**
 * The R2 bucket of a STATE_DIR, opened with wrangler's own local R2: what a gateway wrote there, without
 * asking the gateway. Reading beside a running gateway is fine: both see one SQLite file in WAL mode.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getPlatformProxy, unstable_readConfig as readConfig } from "wrangler";

const gatewayConfigPath = fileURLToPath(new URL("../../wrangler.jsonc", import.meta.url));

export interface LocalBucket {
  /** Keys that begin with `prefix`, in order. */
  keys(prefix: string): Promise<string[]>;
  /** An object's bytes and custom metadata; undefined where there is none. */
  read(key: string): Promise<{ bytes: Uint8Array; metadata: Record<string, string> } | undefined>;
  close(): Promise<void>;
}

/** As much of R2 as is used here: the Workers types would bring another world's globals along. */
interface Bucket {
  list(options: { prefix: string; cursor?: string }): Promise<{
    objects: { key: string }[];
    truncated: boolean;
    cursor?: string;
  }>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer>; customMetadata?: Record<string, string> } | null>;
}

export async function openLocalBucket(stateDir: string): Promise<LocalBucket> {
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_WRITE_LOGS"] ??= "false";
  const { r2_buckets, compatibility_date } = readConfig({ config: gatewayConfigPath });
  // The bucket alone: with its Durable Object the gateway's own config would need the gateway's code.
  const configDir = mkdtempSync(join(tmpdir(), "roomtone-bucket-"));
  const configPath = join(configDir, "wrangler.json");
  writeFileSync(configPath, JSON.stringify({ name: "local-bucket", compatibility_date, r2_buckets }));
  // startWorker keeps its storage in `<STATE_DIR>/v3`.
  const persist = { path: join(stateDir, "v3") };
  const proxy = await getPlatformProxy<{ RESULT_BUCKET: Bucket }>({ configPath, persist });
  const bucket = proxy.env.RESULT_BUCKET;
  return {
    async keys(prefix) {
      const keys: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
        keys.push(...page.objects.map(({ key }) => key));
        if (!page.truncated || page.cursor === undefined) return keys;
        cursor = page.cursor;
      }
    },
    async read(key) {
      const object = await bucket.get(key);
      if (!object) return undefined;
      return { bytes: new Uint8Array(await object.arrayBuffer()), metadata: object.customMetadata ?? {} };
    },
    async close() {
      await proxy.dispose();
      rmSync(configDir, { recursive: true, force: true });
    },
  };
}
