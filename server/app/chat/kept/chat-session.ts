/**
 * One kept chat: an object for each tenant, user and chat. Its answers are made here, so that whoever lost the stream comes back for the rest of
 * the same answer, and a question that is sent twice is asked once. One answer is made at a time. What a chat holds goes 30 days
 * after its last message; a deleted meeting's words go with the meeting. An answer that was cut by the object's end is told as broken.
 */
import { DurableObject } from "cloudflare:workers";
import { beginningOf } from "../../../../schemas/cut-text.ts";
import type { Chat, ChatContext, ChatWithMessages } from "../../../../schemas/http/chats.ts";
import { visibleLineOf } from "../../../../schemas/visible-line.ts";
import type { Env } from "../../env.ts";
import { scrubFile } from "../../scrub-file.ts";
import { takesWordsAway } from "../../sync/index.ts";
import { ChatAnswers, type KeptQuestion, type KeptRefusal } from "./chat-answers.ts";
import { ChatStore, contextOf, placesOf } from "./chat-store.ts";

const dayMs = 86_400_000;
const lifetimeMs = { listed: 30 * dayMs, unlisted: dayMs } as const;
const titleChars = 60;

export interface NewChat {
  readonly owner: string;
  readonly chat_id: string;
  readonly title: string | null;
  readonly context: ChatContext;
  readonly model: string | null;
}

export class ChatSessionDO extends DurableObject<Env> {
  readonly #store = new ChatStore(this.ctx.storage);
  readonly #answers = new ChatAnswers(this.#store, {
    env: this.env,
    name: this.ctx.id.name ?? "",
    keepAlive: (work) => this.ctx.waitUntil(work),
    touched: () => this.#touched(),
  });

  /** @returns the chat; undefined where there is one already. */
  async create(chat: NewChat): Promise<Chat | undefined> {
    if (this.#store.chat) return undefined;
    this.#store.make({ ...chat, is_listed: 1, context: JSON.stringify(chat.context), created_at: Date.now() });
    await this.#touched();
    return this.#view();
  }

  read(): ChatWithMessages | undefined {
    const view = this.#view();
    if (!view) return undefined;
    const messages = this.#store.messages().map(({ id, role, content, at, status, citations }) => ({
      message_id: id,
      role,
      content,
      at: new Date(at).toISOString(),
      status,
      ...placesOf({ citations }),
    }));
    return { ...view, messages };
  }

  async change({
    title,
    context,
    model,
  }: {
    readonly title?: string | undefined;
    readonly context?: ChatContext | undefined;
    readonly model?: string | null | undefined;
  }): Promise<Chat | undefined> {
    const before = this.#words;
    if (before === undefined) return undefined;
    this.#store.change(
      {
        ...(title === undefined ? {} : { title }),
        ...(context === undefined ? {} : { context: JSON.stringify(context) }),
        ...(model === undefined ? {} : { model }),
      },
      Date.now(),
    );
    if (takesWordsAway(before, this.#words ?? null)) this.#store.noteUnscrubbed(true);
    await this.#touched();
    // What an earlier change could not do is made up for by the next one (SPEC SY10).
    if (this.#store.isUnscrubbed) await this.#scrub();
    return this.#view();
  }

  async add(role: "user" | "assistant", content: string): Promise<Chat | undefined> {
    if (!this.#store.chat) return undefined;
    this.#store.add(role, content, Date.now());
    this.#entitle(content);
    await this.#touched();
    return this.#view();
  }

  async clear(): Promise<Chat | undefined> {
    if (!this.#store.chat) return undefined;
    this.#answers.stop();
    this.#store.clear(Date.now());
    await this.#touched();
    await this.#scrub();
    return this.#view();
  }

  /** @returns whether there was one. */
  async remove(): Promise<boolean> {
    const { chat } = this.#store;
    if (!chat) return false;
    this.#answers.stop();
    // First: a list that names a chat which is not there would be a lie that stays.
    if (chat.is_listed === 1) await this.env.CHAT_LIST.getByName(chat.owner).drop(chat.chat_id);
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    await this.#scrub();
    return true;
  }

  /** A meeting is deleted: nothing that was said in it stays here. */
  async forgetMeeting(sessionId: string): Promise<void> {
    if (this.#store.chat) {
      this.#answers.stop();
      this.#store.forget(sessionId);
    }
    // Also where the chat is deleted: its file may not have been made anew then.
    await this.#scrub();
  }

  /** `POST /ask`: a question, and its answer's events as lines of JSON. `GET /last?answer=&after=`: those of the last answer, from
   * there on; all of them where another answer is named, or none. */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams: seen } = new URL(request.url);
    if (request.method === "GET") {
      const last = this.#store.chat && this.#store.lastAnswer;
      if (!last) return refused({ reason: "chat_not_found" });
      const after = seen.get("answer") === String(last.message_id) ? Number(seen.get("after")) : 0;
      return this.#answers.events(last.message_id, after, request.signal);
    }
    const asked = await request.json<KeptQuestion>();
    if (!this.#store.chat && asked.once) {
      const { owner, context } = asked.once;
      const row = { owner, chat_id: "", is_listed: 0, title: null, model: null, created_at: Date.now() };
      this.#store.make({ ...row, context: JSON.stringify(context) });
    }
    if (!this.#store.chat) return refused({ reason: "chat_not_found" });
    const answer = await this.#answers.ask(asked, request.signal);
    if (!answer.ok) return refused(answer.error);
    this.#entitle(asked.question.text);
    return this.#answers.events(answer.value, 0, request.signal);
  }

  override async alarm(): Promise<void> {
    const { chat } = this.#store;
    if (!chat) return;
    if (Date.now() - chat.updated_at >= this.#lifetimeMs(chat.is_listed)) await this.remove();
    else await this.#touched();
  }

  /** What the chat is called and told, as JSON; undefined where there is none. */
  get #words(): string | undefined {
    const { chat } = this.#store;
    return chat && JSON.stringify({ title: chat.title, context: contextOf(chat) });
  }

  async #scrub(): Promise<void> {
    await scrubFile(this.ctx, this.env, "ChatSessionDO");
    if (this.#store.chat) this.#store.noteUnscrubbed(false);
  }

  #entitle(text: string): void {
    if (this.#store.chat?.title === null) {
      const title = beginningOf((visibleLineOf(text) ?? "").replaceAll(/\s+/g, " "), titleChars);
      if (title !== "") this.#store.change({ title }, Date.now());
    }
  }

  #view(): Chat | undefined {
    const { chat } = this.#store;
    if (!chat) return undefined;
    const { chat_id, title, model, created_at, updated_at } = chat;
    return {
      chat_id,
      title,
      context: contextOf(chat),
      model,
      message_count: this.#store.messageCount,
      created_at: new Date(created_at).toISOString(),
      updated_at: new Date(updated_at).toISOString(),
    };
  }

  /** Its row in the list, and when it goes. */
  async #touched(): Promise<void> {
    const { chat } = this.#store;
    if (!chat) return;
    await this.ctx.storage.setAlarm(chat.updated_at + this.#lifetimeMs(chat.is_listed));
    if (chat.is_listed === 0) return;
    const { chat_id, title, model, updated_at } = chat;
    await this.env.CHAT_LIST.getByName(chat.owner).put({
      chat_id,
      title,
      model,
      context: contextOf(chat),
      updated_at,
      message_count: this.#store.messageCount,
    });
  }

  #lifetimeMs(isListed: number): number {
    return isListed === 1 ? lifetimeMs.listed : lifetimeMs.unlisted;
  }
}

function refused(refusal: KeptRefusal): Response {
  return Response.json(refusal, { status: 400 });
}
