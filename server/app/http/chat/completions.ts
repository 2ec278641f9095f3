/** `POST /v1/chat/completions`: OpenAI's shape over whatever model answers here. Fields that mean nothing here are left. */
import type { Context } from "hono";
import type * as z from "zod";
import { completionsBodySchema } from "../../../../schemas/http/completions.ts";
import type { ChatAnswer, ChatEnd } from "../../../../schemas/http/chat.ts";
import { limits } from "../../../../schemas/limits.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { brokenOff, openAnswer } from "../../chat/index.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import { refusalWith, refuse } from "../speech/refusals.ts";
import { type RawEvent, type SseEvent, sseResponse } from "../speech/sse-response.ts";
import { cachedAnswer, type ChatKey, chatKey, keepAnswer } from "./answer-cache.ts";
import { numbered, whole } from "./given.ts";
import { callerOf, type Events } from "./kept.ts";
import { chatRefusal } from "./refusal-words.ts";

type Body = z.infer<typeof completionsBodySchema>;

export async function completionsRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, completionsBodySchema, limits.maxChatBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  const { messages, stream, temperature, meetings, model } = body.value;
  const last = messages.at(-1);
  if (last?.role !== "user" || last.content.trim() === "") {
    return refuse(c, refusalWith(400, "messages must end with one of role user, with text: the question."));
  }
  // Nothing of a meeting is ever kept here.
  const isKeepable = temperature === 0 && stream !== true && meetings?.length === 0;
  const key = isKeepable ? await chatKey(callerOf(c).tenant, body.value) : undefined;
  const kept = key && (await cachedAnswer(c.env.CACHE, key));
  if (kept) return Response.json(completion(c, kept), { headers: { "x-cache": "hit" } });
  const left = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, left.signal]);
  const before = messages.slice(0, -1).filter(({ role, content }) => role !== "system" && content !== "");
  const question = {
    principal: callerOf(c),
    traceId: c.var.traceId,
    route: `${c.req.method} ${c.req.path}`,
    routeName: "completions" as const,
    text: last.content,
    before,
    lookedIn: { meetings },
    unnamed: "none" as const,
    model: { name: model, isLoose: true },
    quotesAnyway: false,
    system: systemIn(body.value),
    maxTokens: body.value.max_completion_tokens ?? body.value.max_tokens ?? undefined,
    temperature: temperature ?? undefined,
  };
  const answer = await openAnswer(c.env, question, signal, (work) => c.executionCtx.waitUntil(work));
  if (!answer.ok) return refuse(c, chatRefusal(answer.error, c.var.traceId));
  const events = numbered(answer.value);
  if (stream === true) {
    const wantsUsage = body.value.stream_options?.include_usage === true;
    return sseResponse(
      chunks(c, events, wantsUsage),
      (cause) => ({ data: { error: errorOf(brokenOff(cause)) } }),
      () => left.abort(),
    );
  }
  const all = await whole(events);
  if (!all.ok) return refuse(c, all.error);
  if (key) keep(c, key, all.value);
  return Response.json(completion(c, all.value));
}

function keep(c: Context<AppEnv>, key: ChatKey, answer: ChatAnswer): void {
  if (answer.instead_of === null && answer.finish_reason === "stop")
    c.executionCtx.waitUntil(keepAnswer(c.env.CACHE, key, answer));
}

function systemIn({ messages }: Body): string | undefined {
  const told = messages.filter(({ role, content }) => role === "system" && content !== "");
  return told.length === 0 ? undefined : told.map(({ content }) => content).join("\n\n");
}

const idOf = (c: Context<AppEnv>): string => `chatcmpl-${c.var.traceId}`;
const nowS = (): number => Math.floor(Date.now() / 1_000);

function usageOf({ input_tokens: prompt_tokens = 0, output_tokens: completion_tokens = 0 }: ChatEnd["usage"]): object {
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function completion(
  c: Context<AppEnv>,
  { answer, citations, model, instead_of, found, finish_reason, usage }: ChatAnswer,
): object {
  const message = { role: "assistant", content: answer, refusal: null };
  return {
    id: idOf(c),
    object: "chat.completion",
    created: nowS(),
    model,
    choices: [{ index: 0, message, finish_reason, logprobs: null }],
    usage: usageOf(usage),
    citations,
    instead_of,
    found,
  };
}

async function* chunks(
  c: Context<AppEnv>,
  events: Events,
  wantsUsage: boolean,
): AsyncGenerator<SseEvent | RawEvent, void> {
  let model = "";
  const created = nowS();
  const chunk = (delta: object, finish_reason: string | null = null, more: object = {}): SseEvent => ({
    data: {
      id: idOf(c),
      object: "chat.completion.chunk",
      created,
      model,
      choices: [{ index: 0, delta, finish_reason, logprobs: null }],
      ...(wantsUsage ? { usage: null } : {}),
      ...more,
    },
  });
  for await (const { event } of events) {
    if (event.type === "begin") {
      ({ model } = event);
      yield chunk({ role: "assistant", content: "" }, null, { instead_of: event.instead_of });
    } else if (event.type === "delta") yield chunk({ content: event.text });
    else if (event.type === "citation") yield chunk({}, null, { citations: [event.citation] });
    // None is asked here: clients of OpenAI's API name no documents.
    else if (event.type === "document") continue;
    else if (event.type === "error") yield { data: { error: errorOf(event.error) } };
    else {
      yield chunk({}, event.end.finish_reason);
      const common = { id: idOf(c), object: "chat.completion.chunk", created, model, choices: [] };
      if (wantsUsage) yield { data: { ...common, usage: usageOf(event.end.usage) } };
      yield { raw: "[DONE]" };
    }
  }
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): object {
  return { message, type: "roomtone_error", param: null, code };
}
