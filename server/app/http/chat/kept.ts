/** Kept chats as routes reach them: the object of a caller's own chat, and its events as they come out of it. */
import type { Context } from "hono";
import { type Principal, subjectOf } from "../../../shared/access/principal.ts";
import type { ChatSessionDO, KeptEvent, KeptQuestion, KeptRefusal } from "../../chat/index.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import type { AppEnv } from "../app-env.ts";

export type Numbered = {
  readonly seq: number;
  readonly event: KeptEvent;
  /** The kept answer that it is of. */
  readonly answer?: number;
};
export type Events = AsyncGenerator<Numbered, void>;

/**
 * Whose chats are whose: those of a token are its session's and its tracks' too, so that no chat shows one what only another may see. The
 * parts hold no colon.
 */
export function ownerOf(principal: Principal): string {
  const { tenant } = principal;
  if (principal.kind !== "token") return `${tenant}:${subjectOf(principal)}`;
  const { sessionId, tracks, subject } = principal;
  return `${tenant}:token:${sessionId}:${tracks?.toSorted().join(",") ?? "*"}:${encodeURIComponent(subject)}`;
}

export function callerOf(c: Context<AppEnv>): Principal {
  const { principal } = c.var;
  if (!principal) throw new Error("a chat without a caller");
  return principal;
}

export function keptChat(c: Context<AppEnv>, chatId: string): DurableObjectStub<ChatSessionDO> {
  return c.env.CHAT_SESSION.getByName(`${ownerOf(callerOf(c))}:${chatId}`);
}

/** One that is asked once, by its request's id. */
export function onceChat(c: Context<AppEnv>, requestId: string): DurableObjectStub<ChatSessionDO> {
  return c.env.CHAT_SESSION.getByName(`${ownerOf(callerOf(c))}:once:${encodeURIComponent(requestId)}`);
}

/** @param signal ends the reading; an answer that nobody reads ends, unless it is to be resumed. */
export async function askKept(
  chat: DurableObjectStub<ChatSessionDO>,
  question: KeptQuestion,
  signal: AbortSignal,
): Promise<Result<Events, KeptRefusal>> {
  return eventsIn(await chat.fetch("https://chat/ask", { method: "POST", body: JSON.stringify(question), signal }));
}

/** An event of an answer: of another answer the same number is another event. */
export interface Place {
  readonly answer: number;
  readonly seq: number;
}

/** The last answer's events, those behind the one that was seen; all of them where that is another answer's. */
export async function lastOf(
  chat: DurableObjectStub<ChatSessionDO>,
  seen: Place | undefined,
  signal: AbortSignal,
): Promise<Result<Events, KeptRefusal>> {
  const query = seen === undefined ? "" : `?answer=${seen.answer}&after=${seen.seq}`;
  return eventsIn(await chat.fetch(`https://chat/last${query}`, { signal }));
}

async function eventsIn(answer: Response): Promise<Result<Events, KeptRefusal>> {
  if (!answer.ok) return err(await answer.json<KeptRefusal>());
  return ok(linesOf(answer.body));
}

async function* linesOf(body: ReadableStream<Uint8Array> | null): Events {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of body ?? []) {
    rest += decoder.decode(part, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Numbered;
  }
}

/** SHA-256 of what is asked, as it tells a request that comes again from another one under its id. */
export async function digestOf(value: object): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
