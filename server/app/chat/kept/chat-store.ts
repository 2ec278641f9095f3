/**
 * What a kept chat holds: its head, its messages, and the events of its last answer, so that one who lost the stream gets the rest of it. An
 * object of a chat that was never made has no table: asking it leaves nothing. Knows no model and no clock.
 */
import type { ChatEnd, Citation, DocumentCitation } from "../../../../schemas/http/chat.ts";
import type { ChatContext } from "../../../../schemas/http/chats.ts";
import type { AnswerEvent } from "../answer.ts";

export const chatLimits = { maxMessages: 500, maxStoredChars: 100_000 } as const;

const tables = `
  CREATE TABLE chat (
    one INTEGER PRIMARY KEY CHECK (one = 1), owner TEXT NOT NULL, chat_id TEXT NOT NULL, is_listed INTEGER NOT NULL, title TEXT,
    context TEXT NOT NULL, model TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, role TEXT NOT NULL, content TEXT NOT NULL, at INTEGER NOT NULL, status TEXT NOT NULL,
    citations TEXT NOT NULL DEFAULT '[]', sessions TEXT NOT NULL DEFAULT '[]', finish TEXT);
  CREATE TABLE answers (message_id INTEGER PRIMARY KEY, request_id TEXT, digest TEXT NOT NULL, status TEXT NOT NULL);
  CREATE TABLE events (seq INTEGER PRIMARY KEY, message_id INTEGER NOT NULL, event TEXT NOT NULL)`;

export type ChatRow = {
  owner: string;
  chat_id: string;
  is_listed: number;
  title: string | null;
  context: string;
  model: string | null;
  created_at: number;
  updated_at: number;
};
export type MessageRow = {
  id: number;
  role: "system" | "user" | "assistant";
  content: string;
  at: number;
  status: "whole" | "broken" | "running" | "forgotten";
  /** Places in meetings and in documents, in the order of their numbers, as JSON. */
  citations: string;
  /** Whose meetings' words are in it: a list of their ids, as JSON. */
  sessions: string;
  finish: string | null;
};
export type AnswerRow = {
  message_id: number;
  request_id: string | null;
  digest: string;
  status: "running" | "whole" | "broken";
};
/** An event as it is kept: what an answer gives, or how it broke off. */
export type KeptEvent =
  | Exclude<AnswerEvent, { type: "sources" }>
  | {
      readonly type: "error";
      readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean };
    };

export class ChatStore {
  readonly #storage: DurableObjectStorage;
  /** While it is being deleted there is no chat any more. */
  isLeaving = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  get #sql(): SqlStorage {
    return this.#storage.sql;
  }

  get chat(): ChatRow | undefined {
    if (this.isLeaving) return undefined;
    const made = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'chat'").toArray();
    return made.length === 0 ? undefined : this.#sql.exec<ChatRow>("SELECT * FROM chat").toArray()[0];
  }

  make(row: Omit<ChatRow, "updated_at">): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(tables);
      this.#sql.exec(
        "INSERT INTO chat (one, owner, chat_id, is_listed, title, context, model, created_at, updated_at) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        row.owner,
        row.chat_id,
        row.is_listed,
        row.title,
        row.context,
        row.model,
        row.created_at,
      );
    });
  }

  change({ title, context, model }: Partial<Pick<ChatRow, "title" | "context" | "model">>, at: number): void {
    if (title !== undefined) this.#sql.exec("UPDATE chat SET title = ?", title);
    if (context !== undefined) this.#sql.exec("UPDATE chat SET context = ?", context);
    if (model !== undefined) this.#sql.exec("UPDATE chat SET model = ?", model);
    this.#sql.exec("UPDATE chat SET updated_at = ?", at);
  }

  /** Whether words of before may still lie in the file. Where there is a chat. */
  get isUnscrubbed(): boolean {
    const made = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'unscrubbed'").toArray();
    return made.length > 0 && this.#sql.exec("SELECT 1 FROM unscrubbed").toArray().length > 0;
  }

  noteUnscrubbed(is: boolean): void {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS unscrubbed (one INTEGER PRIMARY KEY CHECK (one = 1))");
    this.#sql.exec(is ? "INSERT OR IGNORE INTO unscrubbed VALUES (1)" : "DELETE FROM unscrubbed");
  }

  messages(most: number = chatLimits.maxMessages): MessageRow[] {
    const query = "SELECT * FROM (SELECT * FROM messages ORDER BY id DESC LIMIT ?) ORDER BY id";
    return this.#sql.exec<MessageRow>(query, most).toArray();
  }

  isRunning(messageId: number): boolean {
    const query = "SELECT 1 FROM messages WHERE id = ? AND status = 'running'";
    return this.#sql.exec(query, messageId).toArray().length > 0;
  }

  get messageCount(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM messages").one().n;
  }

  add(role: MessageRow["role"], content: string, at: number, status: MessageRow["status"] = "whole"): number {
    const { id } = this.#sql
      .exec<{ id: number }>(
        "INSERT INTO messages (role, content, at, status) VALUES (?, ?, ?, ?) RETURNING id",
        role,
        content,
        at,
        status,
      )
      .one();
    this.#sql.exec(
      "DELETE FROM messages WHERE id NOT IN (SELECT id FROM messages ORDER BY id DESC LIMIT ?)",
      chatLimits.maxMessages,
    );
    this.#sql.exec("DELETE FROM answers WHERE message_id NOT IN (SELECT id FROM messages)");
    this.#sql.exec("UPDATE chat SET updated_at = ?", at);
    return id;
  }

  /** A question and its answer to come. The events of the answer before are dropped. */
  ask(question: string, requestId: string | undefined, digest: string, at: number): number {
    return this.#storage.transactionSync(() => {
      this.add("user", question, at);
      const id = this.add("assistant", "", at, "running");
      this.#sql.exec("DELETE FROM events");
      this.#sql.exec(
        "INSERT INTO answers (message_id, request_id, digest, status) VALUES (?, ?, ?, 'running')",
        id,
        requestId ?? null,
        digest,
      );
      return id;
    });
  }

  /** Takes back a question that got no answer at all. */
  unask(messageId: number): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(
        "DELETE FROM messages WHERE id IN (?, (SELECT max(id) FROM messages WHERE id < ? AND role = 'user'))",
        messageId,
        messageId,
      );
      this.#sql.exec("DELETE FROM answers WHERE message_id = ?", messageId);
    });
  }

  answerTo(requestId: string): AnswerRow | undefined {
    return this.#sql.exec<AnswerRow>("SELECT * FROM answers WHERE request_id = ?", requestId).toArray()[0];
  }

  get lastAnswer(): AnswerRow | undefined {
    return this.#sql.exec<AnswerRow>("SELECT * FROM answers ORDER BY message_id DESC LIMIT 1").toArray()[0];
  }

  keep(messageId: number, seq: number, event: KeptEvent): void {
    this.#sql.exec(
      "INSERT INTO events (seq, message_id, event) VALUES (?, ?, ?)",
      seq,
      messageId,
      JSON.stringify(event),
    );
  }

  events(messageId: number, after: number): { readonly seq: number; readonly event: KeptEvent }[] {
    const query = "SELECT seq, event FROM events WHERE message_id = ? AND seq > ? ORDER BY seq";
    const rows = this.#sql.exec<{ seq: number; event: string }>(query, messageId, after).toArray();
    return rows.map(({ seq, event }) => ({ seq, event: JSON.parse(event) as KeptEvent }));
  }

  /** Notes from which meetings an answer is being made. To be called before a word of it is kept: a meeting that is deleted takes its words along. */
  from(messageId: number, sessions: readonly string[]): void {
    this.#sql.exec("UPDATE messages SET sessions = ? WHERE id = ?", JSON.stringify(sessions), messageId);
  }

  end(
    messageId: number,
    status: "whole" | "broken",
    text: string,
    citations: readonly (Citation | DocumentCitation)[],
    end: ChatEnd | undefined,
  ): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(
        "UPDATE messages SET content = ?, citations = ?, status = ?, finish = ? WHERE id = ? AND status = 'running'",
        text.slice(0, chatLimits.maxStoredChars),
        JSON.stringify(citations),
        status,
        end === undefined ? null : JSON.stringify(end),
        messageId,
      );
      this.#sql.exec("UPDATE answers SET status = ? WHERE message_id = ?", status, messageId);
    });
  }

  /** Nothing of a deleted meeting's words stays: neither in an answer nor in its events. */
  forget(sessionId: string): void {
    this.#storage.transactionSync(() => {
      const rows = this.messages().filter(({ sessions }) => (JSON.parse(sessions) as string[]).includes(sessionId));
      for (const { id } of rows) {
        this.#sql.exec("UPDATE messages SET content = '', citations = '[]', status = 'forgotten' WHERE id = ?", id);
        this.#sql.exec("DELETE FROM events WHERE message_id = ?", id);
        this.#sql.exec("UPDATE answers SET status = 'broken' WHERE message_id = ?", id);
      }
    });
  }

  clear(at: number): void {
    this.#storage.transactionSync(() => {
      for (const table of ["messages", "answers", "events"]) this.#sql.exec(`DELETE FROM ${table}`);
      this.#sql.exec("UPDATE chat SET updated_at = ?", at);
    });
  }
}

export function contextOf({ context }: Pick<ChatRow, "context">): ChatContext {
  return JSON.parse(context) as ChatContext;
}

export function placesOf({ citations }: Pick<MessageRow, "citations">): {
  readonly citations: Citation[];
  readonly documents: DocumentCitation[];
} {
  const all = JSON.parse(citations) as (Citation | DocumentCitation)[];
  return {
    citations: all.filter((place): place is Citation => !("document_id" in place)),
    documents: all.filter((place): place is DocumentCitation => "document_id" in place),
  };
}
