/** Parts of requests that are checked before anything is sent. All throw TypeError for what can't be one. */
import { sessionIdSchema, trackNameSchema } from "../../schemas/names.ts";
import { clusterIdSchema } from "../../schemas/speech/speakers.ts";
import { deliveryIdSchema } from "../../schemas/webhooks.ts";
import type { Request } from "./caller.ts";
import type { ChangeOptions, SessionsOptions } from "./call-options.ts";

/** As the gateway has it, but for spaces at the ends: fetch would cut them off, and make it another key. */
const idempotencyKeyPattern = /^(?! )[\x20-\x7e]{1,255}(?<! )$/;

/** No URL is made of an id that is none (SPEC N1). */
export function sessionPath(sessionId: string, action?: string): string {
  const path = `v1/sessions/${sessionId}`;
  if (sessionIdSchema.safeParse(sessionId).success) return action === undefined ? path : `${path}/${action}`;
  throw new TypeError(
    "A session id is A-Z, a-z, 0-9, '.', '_', '~' and '-', at most 128 characters, starting with a letter or digit.",
  );
}

/** What follows the path of the list; nothing where nothing is asked for. */
export function listQuery(wanted: Omit<SessionsOptions, "signal">): string {
  const { status, q, hasGaps, archiveBehind, createdFrom, createdTo, limit, cursor } = wanted;
  const asked: Record<string, string | number | boolean | undefined> = {
    status,
    q,
    has_gaps: hasGaps,
    archive_behind: archiveBehind,
    created_from: createdFrom?.toISOString(),
    created_to: createdTo?.toISOString(),
    limit,
    cursor,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? "" : `?${query.toString()}`;
}

/** What follows the path of a state or a result. */
export function includeQuery(hasCentroids = false, version?: number): string {
  const query = new URLSearchParams({
    ...(version === undefined ? {} : { version: String(version) }),
    ...(hasCentroids ? { include: "centroids" } : {}),
  });
  return query.size === 0 ? "" : `?${query.toString()}`;
}

export function trackPart(track: string): string {
  if (trackNameSchema.safeParse(track).success) return track;
  throw new TypeError("A track is a-z, 0-9, '_' and '-', at most 32 characters, starting with a letter or digit.");
}

export function clusterPart(clusterId: string): string {
  if (clusterIdSchema.safeParse(clusterId).success) return clusterId;
  throw new TypeError(
    "A cluster id is A-Z, a-z, 0-9, '.', '_', '~', ':' and '-', at most 64 characters, starting with a letter or digit.",
  );
}

export function deliveryPart(deliveryId: string): string {
  if (deliveryIdSchema.safeParse(deliveryId).success) return deliveryId;
  throw new TypeError("A delivery id is that of a delivery in the log: `msg_` and a UUID.");
}

/** What a call that changes something adds to its request. */
export function changing({ idempotencyKey, signal }: ChangeOptions): Pick<Request, "headers" | "signal"> {
  // In the spelling that earlier gateways know too.
  const headers = idempotencyKey === undefined ? {} : { "x-idempotency-key": checkedKey(idempotencyKey) };
  return { headers, signal };
}

function checkedKey(key: string): string {
  if (idempotencyKeyPattern.test(key)) return key;
  throw new TypeError("An idempotency key is 1 to 255 printable ASCII characters, without spaces at its ends.");
}
