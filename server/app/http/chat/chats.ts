/** `/v1/chats…`: a caller's kept chats. What each does is done in `chat/kept/`. */
import type { Context } from "hono";
import type * as z from "zod";
import {
  addMessageBodySchema,
  chatIdSchema,
  type chatsPageSchema,
  createChatBodySchema,
  listChatsQuerySchema,
  updateChatBodySchema,
} from "../../../../schemas/http/chats.ts";
import { limits } from "../../../../schemas/limits.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { wordsOf } from "../../../shared/http/issue-words.ts";
import type { ChatSessionDO } from "../../chat/index.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import { type Refusal, refusalWith, refuse } from "../speech/refusals.ts";
import { asEvents, wantsEvents, whole } from "./given.ts";
import { callerOf, keptChat, lastOf, ownerOf, type Place } from "./kept.ts";
import { chatRefusal } from "./refusal-words.ts";

const notFound: Refusal = { code: "chat_not_found", detail: "You have no chat with this id." };
type Chat = DurableObjectStub<ChatSessionDO>;

export async function listChatsRoute(c: Context<AppEnv>): Promise<Response> {
  const query = listChatsQuerySchema.safeParse(c.req.query());
  if (!query.success) {
    const { field, message } = wordsOf(query.error, listChatsQuerySchema, c.req.query(), "query");
    return refuse(c, refusalWith(400, `${field} ${message}.`));
  }
  const { limit, before } = query.data;
  const list = c.env.CHAT_LIST.getByName(ownerOf(callerOf(c)));
  const rows = await list.list(limit, before === undefined ? undefined : Date.parse(before));
  const chats = rows.map(({ updated_at, ...row }) => ({ ...row, updated_at: new Date(updated_at).toISOString() }));
  return Response.json({ chats } satisfies z.infer<typeof chatsPageSchema>);
}

export async function createChatRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, createChatBodySchema, limits.maxChatBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  const { chat_id = crypto.randomUUID(), title = null, context = {}, model = null } = body.value;
  const owner = ownerOf(callerOf(c));
  const made = await keptChat(c, chat_id).create({ owner, chat_id, title, context, model });
  if (made) return Response.json(made, { status: 201 });
  return refuse(c, { code: "chat_exists", detail: "You have a chat with this id: PATCH changes it." });
}

export async function getChatRoute(c: Context<AppEnv>): Promise<Response> {
  return withChat(c, (chat) => chat.read());
}

export async function updateChatRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, updateChatBodySchema, limits.maxChatBodyBytes);
  return body.ok ? withChat(c, (chat) => chat.change(body.value)) : refuse(c, bodyRefusal(body.error));
}

export async function addMessageRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, addMessageBodySchema, limits.maxChatBodyBytes);
  return body.ok
    ? withChat(c, (chat) => chat.add(body.value.role, body.value.content))
    : refuse(c, bodyRefusal(body.error));
}

export async function clearChatRoute(c: Context<AppEnv>): Promise<Response> {
  return withChat(c, (chat) => chat.clear());
}

export async function deleteChatRoute(c: Context<AppEnv>): Promise<Response> {
  const id = chatIdSchema.safeParse(c.req.param("chat_id"));
  const isGone = id.success && ((await keptChat(c, id.data).remove()) || (await dropLost(c, id.data)));
  return isGone ? new Response(null, { status: 204 }) : refuse(c, notFound);
}

function dropLost(c: Context<AppEnv>, chatId: string): Promise<boolean> {
  return c.env.CHAT_LIST.getByName(ownerOf(callerOf(c))).dropLost(chatId);
}

/** @returns undefined for what is the id of no answer's event: an error would end an EventSource for good (U7). */
function placeOf(c: Context<AppEnv>): Place | undefined {
  const [, answer, seq] = /^(\d{1,15})\.(\d{1,9})$/.exec(c.req.header("last-event-id") ?? "") ?? [];
  return answer === undefined ? undefined : { answer: Number(answer), seq: Number(seq) };
}

/** `GET /v1/chats/:chat_id/answer`: the last answer, whole, or as events behind the one that is named. */
export async function resumeChatRoute(c: Context<AppEnv>): Promise<Response> {
  const id = chatIdSchema.safeParse(c.req.param("chat_id"));
  if (!id.success) return refuse(c, notFound);
  const isStream = wantsEvents(c);
  const left = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, left.signal]);
  const events = await lastOf(keptChat(c, id.data), isStream ? placeOf(c) : undefined, signal);
  if (!events.ok) return refuse(c, chatRefusal(events.error, c.var.traceId));
  if (isStream) return asEvents(events.value, true, () => left.abort());
  const all = await whole(events.value);
  return all.ok ? Response.json(all.value) : refuse(c, all.error);
}

async function withChat(c: Context<AppEnv>, ask: (chat: Chat) => Promise<object | undefined>): Promise<Response> {
  const id = chatIdSchema.safeParse(c.req.param("chat_id"));
  const found = id.success ? await ask(keptChat(c, id.data)) : undefined;
  return found ? Response.json(found) : refuse(c, notFound);
}
