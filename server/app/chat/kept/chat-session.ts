/**
 * One kept chat: an object for each tenant, user and chat. Its answers are made here, so that whoever lost the stream comes back for the rest of
 * the same answer, and a question that is sent twice is asked once. One answer is made at a time. What a chat holds goes 30 days
 * after its last message; a deleted meeting's words go with the meeting. An answer that was cut by the object's end is told as broken.
 */
import { DurableObject } from "cloudflare:workers";
import { beginningOf } from "../../../../schemas/cut-text.ts";
import type { Chat, ChatContext, ChatWithMessages } from "../../../../schemas/http/chats.ts";
import { visibleLineOf } from "../../../../schemas/visible-line.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import type { Env } from "../../env.ts";
import { scrubFile } from "../../scrub-file.ts";
import { takesWordsAway } from "../../sync/index.ts";
import { ChatAnswers, type KeptQuestion, type KeptRefusal } from "./chat-answers.ts";
import { type ChatRow, ChatStore, contextOf, placesOf } from "./chat-store.ts";

const dayMs = 86_400_000;
const lifetimeMs = { listed: 30 * dayMs, unlisted: dayMs } as const;
const titleChars = 60;
/** What could not be told to the list, or not be deleted, is tried again after so long, whatever ended this object meanwhile. */
const againMs = 60_000;

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
  #leaving: Promise<void> | undefined;
  #touches = 0;

  /** @returns the chat; undefined where there is one already. */
  async create(chat: NewChat): Promise<Chat | undefined> {
    await this.#left();
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
    this.#store.noteUnscrubbed(true);
    await this.#touched();
    await this.#scrub();
    return this.#view();
  }

  /** @returns whether there was one. Joins the removal under way. */
  async remove(): Promise<boolean> {
    const { chat } = this.#store;
    if (!chat && !this.#leaving) return false;
    if (chat) this.#leaving = this.#leave(chat).finally(() => (this.#leaving = undefined));
    await this.#leaving;
    await this.#scrub();
    return true;
  }

  async #leave({ owner, chat_id, is_listed }: ChatRow): Promise<void> {
    this.#answers.stop();
    // What goes on meanwhile finds no chat any more: it would be listed again.
    this.#store.isLeaving = true;
    try {
      // First: a list that names a chat which is not there would be a lie that stays.
      if (is_listed === 1) await this.env.CHAT_LIST.getByName(owner).drop(chat_id);
      await this.ctx.storage.deleteAlarm();
      await this.ctx.storage.deleteAll();
    } finally {
      this.#store.isLeaving = false;
    }
    await this.#usesNothing(owner);
  }

  /** Deletions of meetings ask here no more. A note that stays costs them a question. */
  async #usesNothing(owner: string): Promise<void> {
    const [tenant = ""] = owner.split(":", 1);
    try {
      await this.env.MEETING_INDEX.getByName(tenant).unusedBy(this.ctx.id.name ?? "");
    } catch (cause) {
      log.warn("chat.still_noted", { tenant, error: describeError(cause) });
    }
  }

  /** A meeting is deleted: nothing that was said in it stays here. */
  async forgetMeeting(sessionId: string): Promise<void> {
    await this.#left();
    if (this.#store.chat) {
      this.#answers.stop();
      this.#store.forget(sessionId);
      this.#store.noteUnscrubbed(true);
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
    await this.#left();
    if (!this.#store.chat && asked.once) {
      const { owner, context } = asked.once;
      const row = { owner, chat_id: "", is_listed: 0, title: null, model: null, created_at: Date.now() };
      this.#store.make({ ...row, context: JSON.stringify(context) });
    }
    if (!this.#store.chat) return refused({ reason: "chat_not_found" });
    const answer = await this.#answers.ask(asked, request.signal);
    if (!answer.ok) return refused(answer.error);
    // Deleted meanwhile.
    if (!this.#view()) return refused({ reason: "chat_not_found" });
    this.#entitle(asked.question.text);
    return this.#answers.events(answer.value, 0, request.signal);
  }

  override async alarm(): Promise<void> {
    const { chat } = this.#store;
    if (!chat) return;
    await this.ctx.storage.setAlarm(Date.now() + againMs);
    if (Date.now() - chat.updated_at >= this.#lifetimeMs(chat.is_listed)) await this.remove();
    else await this.#touched();
    if (this.#store.chat && this.#store.isUnscrubbed) await this.#scrub();
  }

  /** What the chat is called and told, as JSON; undefined where there is none. */
  get #words(): string | undefined {
    const { chat } = this.#store;
    return chat && JSON.stringify({ title: chat.title, context: contextOf(chat) });
  }

  async #scrub(): Promise<void> {
    await scrubFile(this.ctx, this.env, "ChatSessionDO");
    if (!this.#store.chat) return;
    this.#store.noteUnscrubbed(false);
    await this.#wakeInTime();
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

  /** One of this name that is being deleted is gone, or stays. */
  async #left(): Promise<void> {
    await this.#leaving?.catch(() => undefined);
  }

  /** Its row in the list, and when it goes. */
  async #touched(): Promise<void> {
    const touch = (this.#touches += 1);
    if (this.#store.chat?.is_listed === 1) {
      // What the list could not be told is told by the alarm.
      await this.ctx.storage.setAlarm(Date.now() + againMs);
      await this.#tellList();
    }
    if (touch === this.#touches) await this.#wakeInTime();
  }

  async #wakeInTime(): Promise<void> {
    const { chat } = this.#store;
    if (!chat) return;
    const goesAt = chat.updated_at + this.#lifetimeMs(chat.is_listed);
    // An answer that is being made may end with this object: the list hears of that too.
    const isBusy = this.#store.isUnscrubbed || this.#store.lastAnswer?.status === "running";
    await this.ctx.storage.setAlarm(isBusy ? Date.now() + againMs : goesAt);
  }

  async #tellList(): Promise<void> {
    const { chat } = this.#store;
    if (!chat) return;
    const { owner, chat_id, title, model, updated_at } = chat;
    await this.env.CHAT_LIST.getByName(owner).put({
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
