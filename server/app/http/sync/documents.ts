/** `POST /v1/sync/{settings,knowledge,adapters,history}`, the lock, and the status. What they do is done in `sync/` and, of chats, in `chat/kept/`. */
import type { Context } from "hono";
import type * as z from "zod";
import {
  syncAdaptersBodySchema,
  syncHistoryBodySchema,
  syncKnowledgeBodySchema,
  syncLockBodySchema,
  type syncLockAnswerSchema,
  syncSettingsBodySchema,
  type SyncBody,
} from "../../../../schemas/http/sync.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { Collection } from "../../../../schemas/sync/documents.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import type { PushRefusal } from "../../sync/index.ts";
import type { AppEnv } from "../app-env.ts";
import { ownerOf } from "../chat/kept.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import type { Refusal } from "../speech/refusals.ts";
import { callerOf, reached, refuse, withOwn } from "./of-user.ts";

export const syncSettingsRoute = (c: Context<AppEnv>): Promise<Response> => sync(c, "settings", syncSettingsBodySchema);
export const syncKnowledgeRoute = (c: Context<AppEnv>): Promise<Response> =>
  sync(c, "knowledge", syncKnowledgeBodySchema);
export const syncAdaptersRoute = (c: Context<AppEnv>): Promise<Response> => sync(c, "adapters", syncAdaptersBodySchema);

const refusals: Readonly<Record<PushRefusal, Refusal>> = {
  sync_locked: {
    code: "sync_locked",
    detail: "Another device holds the lock. Send the same again once it is free, in half a minute at the latest.",
    retryAfterSeconds: limits.syncLockMs / 1_000,
  },
  fence_stale: {
    code: "fence_stale",
    detail: "The lock was taken over since. Take it again, pull, and push what still holds.",
  },
  idempotency_mismatch: {
    code: "idempotency_mismatch",
    detail: "Another push came under this push_id. Draw a new one for each push.",
  },
};

async function sync<T extends SyncBody>(
  c: Context<AppEnv>,
  collection: Collection,
  schema: z.ZodType<T>,
): Promise<Response> {
  const body = await readJsonBody(c.req.raw, schema, limits.maxSyncRequestBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  return withOwn(c, async (own) => {
    const answer = await own.sync(collection, body.value);
    if (!answer.ok) return refuse(c, refusals[answer.error]);
    return new Response(answer.value, { headers: { "content-type": "application/json" } });
  });
}

export async function syncHistoryRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, syncHistoryBodySchema, limits.maxSyncRequestBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  return reached(c, async () => {
    const answer = await c.env.CHAT_LIST.getByName(ownerOf(callerOf(c))).sync(body.value);
    return answer.ok ? Response.json(answer.value) : refuse(c, refusals[answer.error]);
  });
}

export async function syncStatusRoute(c: Context<AppEnv>): Promise<Response> {
  return withOwn(c, async (own) => Response.json(await own.status()));
}

export async function lockSyncRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, syncLockBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  const { device_id, fence, release } = body.value;
  return withOwn(c, async (own) => {
    const taken = release ? await own.releaseLock(device_id, fence ?? 0) : await own.takeLock(device_id, fence);
    if (!taken.ok) return refuse(c, refusals[taken.error]);
    const { fence: now, holder, expires_at } = taken.value;
    const isHeld = holder !== null;
    return Response.json({
      fence: now,
      is_held: isHeld,
      expires_at: isHeld ? new Date(expires_at).toISOString() : null,
    } satisfies z.infer<typeof syncLockAnswerSchema>);
  });
}
