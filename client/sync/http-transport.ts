/** Sync over HTTP: each request once; what follows from a failure is the sync client's. */
import { bodyStateSchema, syncAnswerSchema, syncStatusSchema } from "../../schemas/http/sync.ts";
import type { Caller } from "../results/caller.ts";
import type { SyncTransport } from "./sync-types.ts";

export function httpTransport(caller: Caller): SyncTransport {
  const once = { repeatable: false } as const;
  return {
    sync: (collection, sent, signal) =>
      caller.json({ ...once, method: "POST", path: `v1/sync/${collection}`, body: sent, signal }, syncAnswerSchema),
    status: (signal) => caller.json({ ...once, method: "GET", path: "v1/sync/status", signal }, syncStatusSchema),
    startBody: (sha256, bytes, signal) =>
      caller.json(
        { ...once, method: "POST", path: "v1/sync/bodies", body: { sha256, bytes }, signal },
        bodyStateSchema,
      ),
    putPart: (sha256, part, bytes, signal) => {
      const blob = new Blob([bytes.slice()], { type: "application/octet-stream" });
      const path = `${bodyPath(sha256)}/parts/${part}`;
      return caller.json({ ...once, method: "PUT", path, body: blob, signal }, bodyStateSchema);
    },
    completeBody: (sha256, signal) =>
      caller.json({ ...once, method: "POST", path: `${bodyPath(sha256)}/complete`, body: {}, signal }, bodyStateSchema),
    getBody: async (sha256, signal) => {
      const request = { ...once, method: "GET", path: bodyPath(sha256), signal } as const;
      const open = await caller.body(request, "application/octet-stream");
      return new Uint8Array(await new Response(open.body).arrayBuffer());
    },
  };
}

function bodyPath(sha256: string): string {
  return `v1/sync/bodies/${sha256}`;
}
