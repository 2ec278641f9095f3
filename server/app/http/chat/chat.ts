/**
 * `POST /v1/chat`, and `/api/chat` for clients that call it so: a question, and its answer whole or as server-sent events; of a kept chat where
 * it names one. The latter takes fields that it does not know, and says the trace id as `traceId` too. Answers are made in `chat/`.
 */
import type { Context } from "hono";
import type * as z from "zod";
import { apiChatBodySchema, chatBodySchema } from "../../../../schemas/http/chat.ts";
import { limits } from "../../../../schemas/limits.ts";
import { ok, type Result } from "../../../../schemas/lib/result.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { type KeptRefusal, openAnswer, type Question } from "../../chat/index.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import { refuse } from "../speech/refusals.ts";
import { asEvents, numbered, wantsEvents, whole } from "./given.ts";
import { askKept, callerOf, digestOf, type Events, keptChat } from "./kept.ts";
import { chatRefusal } from "./refusal-words.ts";

type Body = z.infer<typeof chatBodySchema>;

export const chatRoute = (c: Context<AppEnv>): Promise<Response> => answer(c, chatBodySchema, false);
export const apiChatRoute = (c: Context<AppEnv>): Promise<Response> => answer(c, apiChatBodySchema, true);

async function answer(c: Context<AppEnv>, schema: z.ZodType<Body>, isLoose: boolean): Promise<Response> {
  const body = await readJsonBody<Body>(c.req.raw, schema, limits.maxChatBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  const left = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, left.signal]);
  const events = await ask(c, body.value, isLoose, signal);
  if (!events.ok) return refuse(c, chatRefusal(events.error, c.var.traceId));
  if (wantsEvents(c)) return asEvents(events.value, body.value.chat_id !== undefined, () => left.abort());
  const all = await whole(events.value);
  const ids = isLoose ? { trace_id: c.var.traceId, traceId: c.var.traceId } : {};
  return all.ok ? Response.json({ ...all.value, ...ids }) : refuse(c, all.error);
}

async function ask(
  c: Context<AppEnv>,
  body: Body,
  isLoose: boolean,
  signal: AbortSignal,
): Promise<Result<Events, KeptRefusal>> {
  const {
    message,
    messages = [],
    chat_id,
    request_id: requestId,
    resumable,
    system,
    max_tokens,
    model,
    ...rest
  } = body;
  const { meetings, documents, speakers, from, to } = rest;
  const question: Question = {
    principal: callerOf(c),
    traceId: c.var.traceId,
    route: `${c.req.method} ${c.req.path}`,
    routeName: "chat",
    text: message ?? messages.at(-1)?.content ?? "",
    before: messages.slice(0, -1),
    lookedIn: { meetings, documents, speakers, from, to },
    unnamed: isLoose ? "none" : "all",
    model: { name: model, isLoose },
    quotesAnyway: true,
    system,
    maxTokens: max_tokens,
  };
  if (chat_id === undefined) {
    const opened = await openAnswer(c.env, question, signal, (work) => c.executionCtx.waitUntil(work));
    return opened.ok ? ok(numbered(opened.value)) : opened;
  }
  const digest = await digestOf({ ...body, request_id: undefined, resumable: undefined });
  return askKept(keptChat(c, chat_id), { question, requestId, digest, isResumable: resumable ?? false }, signal);
}
