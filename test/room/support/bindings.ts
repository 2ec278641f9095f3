/** The bindings and the entry of the Worker under test, with their types. */
import type { D1Migration } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { Env } from "../../../server/gateway/env.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the index of sessions (test/vitest.config.ts). */
    indexMigrations: D1Migration[];
    /** The first seconds of the demo's recording, s16le as base64 (test/vitest.config.ts). */
    sampleSeconds: string;
  }
}

export const bindings = env as Env;

/** A request to the Worker, as from this machine. */
export function gateway(path: string, init: RequestInit = {}): Promise<Response> {
  const { default: entry } = exports as unknown as { default: Fetcher };
  return entry.fetch(`http://localhost${path}`, init);
}
