/** Which chats a user of a tenant has: one object for each, beside the chats themselves. The newest 1,000; what goes beyond is deleted. */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../../env.ts";
import { scrubFile } from "../../scrub-file.ts";

const maxChats = 1_000;

type ListedChat = { chat_id: string; title: string | null; message_count: number; updated_at: number };

export class ChatList extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS chats (chat_id TEXT PRIMARY KEY, title TEXT, message_count INTEGER NOT NULL, updated_at INTEGER NOT NULL)",
    );
  }

  async put({ chat_id, title, message_count, updated_at }: ListedChat): Promise<void> {
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO chats (chat_id, title, message_count, updated_at) VALUES (?, ?, ?, ?)",
      chat_id,
      title,
      message_count,
      updated_at,
    );
    const beyond = this.#rows("SELECT * FROM chats ORDER BY updated_at DESC, chat_id LIMIT -1 OFFSET ?", maxChats);
    for (const { chat_id: id } of beyond) await this.env.CHAT_SESSION.getByName(`${this.ctx.id.name}:${id}`).remove();
  }

  async drop(chatId: string): Promise<void> {
    this.ctx.storage.sql.exec("DELETE FROM chats WHERE chat_id = ?", chatId);
    await scrubFile(this.ctx, this.env, "ChatList");
  }

  /** The newest first. */
  list(most: number, before = 8.64e15): ListedChat[] {
    return this.#rows(
      "SELECT * FROM chats WHERE updated_at < ? ORDER BY updated_at DESC, chat_id LIMIT ?",
      before,
      most,
    );
  }

  #rows(query: string, ...values: readonly number[]): ListedChat[] {
    return this.ctx.storage.sql.exec<ListedChat>(query, ...values).toArray();
  }
}
