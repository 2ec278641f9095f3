/** The router for local assistants: `POST /v1/escalate`, the same as events (`/v1/stream`), and `GET /v1/status`. */
import type { Context } from "hono";
import type * as z from "zod";
import {
  type escalateAnswerSchema,
  escalateBodySchema,
  type routerStatusSchema,
} from "../../../../schemas/http/chats.ts";
import { limits } from "../../../../schemas/limits.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import { speechOf } from "../speech/caller.ts";
import { misconfigured, refuse } from "../speech/refusals.ts";
import { asEvents, whole } from "./given.ts";
import { askKept, callerOf, digestOf, onceChat, ownerOf } from "./kept.ts";
import { chatRefusal } from "./refusal-words.ts";

export const escalateRoute = (c: Context<AppEnv>): Promise<Response> => answer(c, false);
export const streamRoute = (c: Context<AppEnv>): Promise<Response> => answer(c, true);

async function answer(c: Context<AppEnv>, isStreamed: boolean): Promise<Response> {
  const body = await readJsonBody(c.req.raw, escalateBodySchema, limits.maxChatBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  const { request_id, query, context = {}, model, session_id, max_tokens } = body.value;
  const question = {
    principal: callerOf(c),
    traceId: c.var.traceId,
    route: `${c.req.method} ${c.req.path}`,
    routeName: "escalate" as const,
    text: query,
    lookedIn: session_id === undefined ? {} : { meetings: [session_id] },
    unnamed: "none" as const,
    model: { name: model, isLoose: false },
    quotesAnyway: false,
    maxTokens: max_tokens,
  };
  const left = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, left.signal]);
  const once = { owner: ownerOf(question.principal), context };
  const digest = await digestOf(body.value);
  const kept = { question, requestId: request_id, digest, isResumable: false, once };
  const events = await askKept(onceChat(c, request_id), kept, signal);
  if (!events.ok) return refuse(c, chatRefusal(events.error, c.var.traceId));
  if (isStreamed) return asEvents(events.value, true, () => left.abort());
  const all = await whole(events.value);
  if (!all.ok) return refuse(c, all.error);
  return Response.json({ request_id, ...all.value } satisfies z.infer<typeof escalateAnswerSchema>);
}

export async function statusRoute(c: Context<AppEnv>): Promise<Response> {
  const speech = await speechOf(c);
  if (!speech.ok) return misconfigured(c, speech.error);
  const models = speech.value
    .answering()
    .map(({ name: id, isPreferred: is_preferred, circuit }) => ({ id, is_preferred, circuit }));
  return Response.json({ status: "ok", models } satisfies z.infer<typeof routerStatusSchema>);
}
