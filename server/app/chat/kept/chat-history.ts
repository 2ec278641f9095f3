/**
 * A user's chats as devices sync them (SPEC SY8): a log of what became of them, beside the chats themselves, which are the only truth. A push is
 * done on the chat as any request is, and comes back as a note of it; where the chat was changed meanwhile it is kept as a conflict. That
 * somebody said something does not keep a chat from being renamed, but from being deleted by who has not seen it.
 */
import type {
  HistoryChange,
  HistoryVersion,
  SyncHistoryAnswer,
  syncHistoryBodySchema,
} from "../../../../schemas/http/sync.ts";
import type { ChatContext } from "../../../../schemas/http/chats.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import type { Outcome } from "../../../../schemas/sync/documents.ts";
import { canonicalJson } from "../../../shared/json/canonical-json.ts";
import type { Database } from "../../../shared/lib/sql.ts";
import { type ConflictRow, type DocumentRow, Documents, digestOf, PushLog } from "../../sync/index.ts";
import type * as z from "zod";

/** What a chat is called and told: what devices change. */
export interface ChatHead {
  readonly title: string | null;
  readonly context: ChatContext;
  readonly model: string | null;
}
export interface NotedChat extends ChatHead {
  readonly chat_id: string;
  readonly message_count: number;
  readonly updated_at: number;
}

type HeadChange = Pick<HistoryChange, "title" | "context" | "model">;

/** The chats themselves. */
export interface ChatsPort {
  create(chatId: string, head: ChatHead): Promise<void>;
  change(chatId: string, head: HeadChange): Promise<void>;
  remove(chatId: string): Promise<void>;
}
type Asked = z.infer<typeof syncHistoryBodySchema>;

const whole = "history";
const heads = "heads";

export class ChatHistory {
  readonly #documents: Documents;
  readonly #pushes: PushLog;
  readonly #chats: ChatsPort;
  readonly #db: Database;

  constructor(db: Database, chats: ChatsPort) {
    this.#db = db;
    this.#chats = chats;
    this.#documents = new Documents({
      db,
      newId: () => crypto.randomUUID(),
      refusalOf: () => undefined,
      changed: () => undefined,
    });
    this.#pushes = new PushLog(db);
  }

  note({ chat_id, title, context, model, message_count, updated_at }: NotedChat): void {
    this.#documents.note(heads, chat_id, { title, context, model }, "");
    this.#documents.note(whole, chat_id, { title, context, model, message_count, updated_at }, "");
  }

  dropped(chatId: string): void {
    this.#documents.note(heads, chatId, null, "");
    this.#documents.note(whole, chatId, null, "");
    // Also where no device ever asks.
    this.#documents.forget();
  }

  /** How many removals of words there were, where the file was not made anew since the last of them; undefined where it was. */
  get unscrubbed(): number | undefined {
    return this.#documents.store.unscrubbed;
  }

  scrubbed(removals: number): void {
    this.#documents.store.scrubbed(removals);
  }

  async sync(asked: Asked): Promise<Result<SyncHistoryAnswer, "idempotency_mismatch">> {
    const { base_revision: base = 0, since = base, scan, limit } = asked;
    this.#documents.forget();
    const applied = await this.#push(asked, base);
    if (!applied.ok) return applied;
    const pulled = this.#documents.pull(whole, since, scan, limit);
    return ok({
      revision: pulled.revision,
      applied: applied.value,
      has_more: pulled.hasMore,
      scan: pulled.scan,
      reset: pulled.reset,
      changes: pulled.documents.map(versionOf),
      conflicts: pulled.conflicts.map(({ theirs, ...row }) => ({
        conflict_id: row.conflict_id,
        id: row.id,
        revision: row.revision,
        resolved: row.resolved === 1,
        yours: row.resolved === 1 ? null : versionOf({ ...row, revision: row.base }),
        theirs: theirs ? versionOf(theirs) : null,
      })),
    });
  }

  async #push(asked: Asked, base: number): Promise<Result<Outcome[], "idempotency_mismatch">> {
    const { device_id, push_id, changes } = asked;
    if (changes.length === 0) return ok([]);
    const digest = digestOf({ base, changes });
    const before = push_id === undefined ? undefined : this.#pushes.find(device_id, push_id);
    if (before) return before.digest === digest ? ok(before.outcomes) : err("idempotency_mismatch");
    const outcomes: Outcome[] = [];
    // One after the other: each is a request to its chat. What a kill cuts off is sent again, and finds done what is done.
    for (const change of changes) outcomes.push(await this.#apply(device_id, change.revision ?? base, change));
    if (push_id !== undefined && !this.#pushes.find(device_id, push_id))
      this.#pushes.add(device_id, push_id, digest, outcomes);
    return ok(outcomes);
  }

  async #apply(deviceId: string, base: number, change: HistoryChange): Promise<Outcome> {
    const { id, deleted, title, context, model, resolves = [] } = change;
    const { store } = this.#documents;
    const current = store.document(whole, id);
    const isThere = current?.deleted === 0;
    const wanted = given({ title, context, model });
    const isNothing = deleted ? !isThere : Object.keys(wanted).length === 0 || (isThere && isSame(current, wanted));
    const seen = deleted ? current?.revision : store.document(heads, id)?.revision;
    if (!isNothing && (seen ?? 0) > base) return this.#conflict(deviceId, base, id, deleted ? null : wanted);
    if (!isNothing && current === undefined && (change.revision ?? 0) > 0)
      return this.#conflict(deviceId, base, id, deleted ? null : wanted);
    if (!isNothing) {
      if (deleted) await this.#chats.remove(id);
      else if (isThere) await this.#chats.change(id, wanted);
      else await this.#chats.create(id, { title: title ?? null, context: context ?? {}, model: model ?? null });
    }
    this.#db.transaction(() => this.#documents.settle(whole, id, resolves));
    const revision = store.document(whole, id)?.revision ?? 0;
    return { id, outcome: isNothing ? "unchanged" : "applied", revision };
  }

  #conflict(deviceId: string, base: number, id: string, wanted: HeadChange | null): Outcome {
    const text = wanted === null ? null : canonicalJson(wanted);
    const now = { id, revision: this.#documents.store.document(whole, id)?.revision ?? 0 };
    return this.#db.transaction(() =>
      this.#documents.conflict(whole, deviceId, { id, base, content: wanted, text }, now),
    );
  }
}

function given(head: HeadChange): HeadChange {
  return Object.fromEntries(Object.entries(head).filter(([, value]) => value !== undefined));
}

function isSame({ content }: DocumentRow, wanted: HeadChange): boolean {
  const now = JSON.parse(content ?? "{}") as { [name: string]: unknown };
  return Object.entries(wanted).every(([name, value]) => canonicalJson(now[name]) === canonicalJson(value));
}

function versionOf({ id, revision, deleted, content, at }: DocumentRow | ConflictRow): HistoryVersion {
  const { updated_at, ...head } = JSON.parse(content ?? "{}") as Partial<NotedChat>;
  return { ...head, id, revision, deleted: deleted === 1, at: new Date(updated_at ?? at).toISOString() };
}
