/**
 * Which chats a user of a tenant has: one object for each, beside the chats themselves. The newest 1,000; what goes beyond is deleted. What
 * became of them is noted for the user's devices (`chat-history.ts`).
 */
import { DurableObject } from "cloudflare:workers";
import type * as z from "zod";
import type { SyncHistoryAnswer, syncHistoryBodySchema } from "../../../../schemas/http/sync.ts";
import type { Result } from "../../../../schemas/lib/result.ts";
import { durableDatabase } from "../../../shared/lib/durable-database.ts";
import type { Env } from "../../env.ts";
import { scrubFile } from "../../scrub-file.ts";
import { ChatHistory, type NotedChat } from "./chat-history.ts";
import type { ChatSessionDO } from "./chat-session.ts";

const maxChats = 1_000;

type ListedChat = { chat_id: string; title: string | null; message_count: number; updated_at: number };

export class ChatList extends DurableObject<Env> {
  readonly #history: ChatHistory;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS chats (chat_id TEXT PRIMARY KEY, title TEXT, message_count INTEGER NOT NULL, updated_at INTEGER NOT NULL)",
    );
    this.#history = new ChatHistory(durableDatabase(ctx.storage), {
      create: async (chat_id, head) =>
        void (await this.#chat(chat_id).create({ owner: this.#owner, chat_id, ...head })),
      change: async (chatId, head) => void (await this.#chat(chatId).change(head)),
      remove: (chatId) => this.#remove(chatId),
    });
  }

  async put(chat: NotedChat): Promise<void> {
    const { chat_id, title, message_count, updated_at } = chat;
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO chats (chat_id, title, message_count, updated_at) VALUES (?, ?, ?, ?)",
      chat_id,
      title,
      message_count,
      updated_at,
    );
    this.#history.note(chat);
    const beyond = this.#rows("SELECT * FROM chats ORDER BY updated_at DESC, chat_id LIMIT -1 OFFSET ?", maxChats);
    for (const { chat_id: id } of beyond) await this.#remove(id);
    // A chat that is called otherwise now, or told something else (SPEC SY10).
    if (this.#history.unscrubbed !== undefined) await this.#scrub();
  }

  async drop(chatId: string): Promise<void> {
    this.ctx.storage.sql.exec("DELETE FROM chats WHERE chat_id = ?", chatId);
    this.#history.dropped(chatId);
    await this.#scrub();
  }

  /** One that is listed and not there: it was put back while it was deleted, by an earlier version. @returns whether it was listed. */
  async dropLost(chatId: string): Promise<boolean> {
    const found = this.ctx.storage.sql.exec("SELECT 1 FROM chats WHERE chat_id = ?", chatId).toArray();
    if (found.length > 0) await this.drop(chatId);
    return found.length > 0;
  }

  /** The newest first; with all that are as old as the last one: the next page begins before them. */
  list(most: number, before = 8.64e15): ListedChat[] {
    return this.#rows(
      `SELECT * FROM chats WHERE updated_at < ?1 AND updated_at >= coalesce(
        (SELECT updated_at FROM chats WHERE updated_at < ?1 ORDER BY updated_at DESC LIMIT 1 OFFSET ?2 - 1), 0)
      ORDER BY updated_at DESC, chat_id`,
      before,
      most,
    );
  }

  /** `POST /v1/sync/history`. */
  async sync(asked: z.infer<typeof syncHistoryBodySchema>): Promise<Result<SyncHistoryAnswer, "idempotency_mismatch">> {
    const answer = await this.#history.sync(asked);
    // A conflict that was settled: what a device had wanted is gone.
    if (this.#history.unscrubbed !== undefined) await this.#scrub();
    return answer;
  }

  async #scrub(): Promise<void> {
    const removals = this.#history.unscrubbed;
    await scrubFile(this.ctx, this.env, "ChatList");
    if (removals !== undefined) this.#history.scrubbed(removals);
  }

  async #remove(chatId: string): Promise<void> {
    // One that is there no more, and that the list still names.
    if (!(await this.#chat(chatId).remove())) await this.drop(chatId);
  }

  get #owner(): string {
    return this.ctx.id.name ?? "";
  }

  #chat(chatId: string): DurableObjectStub<ChatSessionDO> {
    return this.env.CHAT_SESSION.getByName(`${this.#owner}:${chatId}`);
  }

  #rows(query: string, ...values: readonly number[]): ListedChat[] {
    return this.ctx.storage.sql.exec<ListedChat>(query, ...values).toArray();
  }
}
