/** `/v1/sync/bodies…`: bodies by their SHA-256, in parts. What becomes of them is `sync/bodies/`'s. */
import type { Context } from "hono";
import { partParameterSchema, startBodySchema, type BodyState } from "../../../../schemas/http/sync.ts";
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { sha256Schema } from "../../../../schemas/sync/documents.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { partsOf } from "../../../shared/lib/read-body.ts";
import type { BodyRefusal } from "../../sync/index.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import { HeldBytes } from "../held-bytes.ts";
import { type Refusal, refusalWith } from "../speech/refusals.ts";
import { callerOf, refuse, withOwn } from "./of-user.ts";

const refusals: Readonly<Record<BodyRefusal, Refusal>> = {
  sync_full: {
    code: "sync_full",
    detail: "You have as much stored, or as many uploads under way, as you may. Delete something, or end an upload.",
  },
  body_not_found: { code: "body_not_found", detail: "You have uploaded no body with this SHA-256." },
  body_mismatch: {
    code: "body_mismatch",
    detail: "What came has another SHA-256 or length than it was said to have. It is gone: begin anew.",
  },
  upload_incomplete: {
    code: "upload_incomplete",
    detail: "Parts are missing: POST /v1/sync/bodies says which are here.",
  },
  bad_part: refusalWith(400, "The body has no such part, or the part another length: see part_bytes and parts."),
};

function answered(c: Context<AppEnv>, state: Result<BodyState, BodyRefusal>): Response {
  return state.ok ? Response.json(state.value) : refuse(c, refusals[state.error]);
}

export async function startBodyRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, startBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  return withOwn(c, async (own) => answered(c, await own.startBody(body.value.sha256, body.value.bytes)));
}

export async function putBodyPartRoute(c: Context<AppEnv>): Promise<Response> {
  const sha256 = sha256Schema.safeParse(c.req.param("sha256"));
  const part = partParameterSchema.safeParse(c.req.param("part"));
  const bytes = await readPart(c.req.raw, callerOf(c).tenant);
  if (!bytes.ok) return refuse(c, bytes.error);
  if (!sha256.success) return refuse(c, refusals.body_not_found);
  if (!part.success) return refuse(c, refusals.bad_part);
  return withOwn(c, async (own) => answered(c, await own.putPart(sha256.data, part.data, bytes.value)));
}

export async function completeBodyRoute(c: Context<AppEnv>): Promise<Response> {
  const sha256 = sha256Schema.safeParse(c.req.param("sha256"));
  if (!sha256.success) return refuse(c, refusals.body_not_found);
  return withOwn(c, async (own) => answered(c, await own.completeBody(sha256.data)));
}

export async function getBodyRoute(c: Context<AppEnv>): Promise<Response> {
  const sha256 = sha256Schema.safeParse(c.req.param("sha256"));
  if (!sha256.success) return refuse(c, refusals.body_not_found);
  return withOwn(c, async (own) => {
    const at = await own.bodyAt(sha256.data);
    const object = at && (await c.env.KNOWLEDGE_STORE.get(at.key));
    if (!object) return refuse(c, refusals.body_not_found);
    const headers = {
      "content-type": "application/octet-stream",
      "content-length": String(object.size),
      // Never what a page would run or show.
      "content-disposition": "attachment",
      "cache-control": "private, max-age=31536000, immutable",
      etag: `"${sha256.data}"`,
    };
    return new Response(object.body, { headers });
  });
}

/** An isolate has 128 MB for all that it does: six parts at a time, of which one tenant may have three. */
const heldParts = new HeldBytes(6 * limits.syncPartBytes, 3 * limits.syncPartBytes);

export async function readPart(request: Request, tenant: string): Promise<Result<Uint8Array, Refusal>> {
  const tooLarge = refusalWith(413, `A part is at most ${limits.syncPartBytes} bytes.`);
  if (Number(request.headers.get("content-length") ?? 0) > limits.syncPartBytes) return err(tooLarge);
  const parts: Uint8Array[] = [];
  let size = 0;
  const { hold, release } = heldParts.open(tenant);
  try {
    for await (const part of partsOf(request.body)) {
      size += part.byteLength;
      if (size > limits.syncPartBytes) return err(tooLarge);
      if (!hold(part.byteLength)) return err(busy);
      parts.push(part);
    }
  } catch {
    return err(refusalWith(400, "The body ended too early."));
  } finally {
    release();
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return ok(bytes);
}

const busy: Refusal = {
  code: "sync_unavailable",
  detail: "Too much is being uploaded. Try again in 5 s.",
  retryAfterSeconds: 5,
};
