/**
 * The answers of one kept chat: one at a time is made, and read by as many as come, from wherever they left off. The same request again joins
 * the answer that is under way, or gets the one that there is. What nobody reads ends, unless it is to be resumed.
 */
import type { Citation, DocumentCitation } from "../../../../schemas/http/chat.ts";
import type { ChatContext } from "../../../../schemas/http/chats.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import type { Env } from "../../env.ts";
import type { Answer } from "../answer.ts";
import { brokenOff } from "../broken-off.ts";
import { type AnswerRefusal, openAnswer, type Question } from "../open-answer.ts";
import { type ChatStore, contextOf, type KeptEvent, type MessageRow } from "./chat-store.ts";
import { contextText } from "./context-text.ts";
import { RunningAnswer } from "./running-answer.ts";

/** Of what was said before, that a model is told. */
const toldBefore = { messages: 20, chars: 20_000 } as const;
const interrupted = {
  code: "model_failed",
  message: "The answer was interrupted. Ask again.",
  retryable: true,
} as const;

export interface KeptQuestion {
  readonly question: Omit<Question, "before">;
  readonly requestId?: string | undefined;
  /** Of all that was asked: the same id with another one is another request. */
  readonly digest: string;
  /** Whether the answer goes on when nobody reads it. */
  readonly isResumable: boolean;
  /** Makes the chat where it is not there: for one that is asked once. */
  readonly once?: { readonly owner: string; readonly context: ChatContext } | undefined;
}

export type KeptRefusal =
  | AnswerRefusal
  | { readonly reason: "chat_not_found" }
  | { readonly reason: "chat_busy" }
  | { readonly reason: "idempotency_mismatch" };

type Opened = Result<number, KeptRefusal>;

export interface Surroundings {
  readonly env: Env;
  /** The object's own name, by which a deleted meeting finds it. */
  readonly name: string;
  readonly keepAlive: (work: Promise<unknown>) => void;
  /** The chat has changed. */
  readonly touched: () => Promise<void>;
}

export class ChatAnswers {
  readonly #store: ChatStore;
  readonly #around: Surroundings;
  #running: { readonly answer: RunningAnswer<KeptEvent>; readonly opened: Promise<Opened> } | undefined;

  constructor(store: ChatStore, around: Surroundings) {
    this.#store = store;
    this.#around = around;
    const last = store.chat && store.lastAnswer;
    if (last?.status === "running") this.#break(last.message_id);
  }

  /** Nobody wants what is being made any more. */
  stop(): void {
    this.#running?.answer.ending.abort();
  }

  /** @returns the message that is the answer, once that has begun. */
  async ask(asked: KeptQuestion, signal: AbortSignal): Promise<Opened> {
    const { requestId, digest } = asked;
    const known = requestId === undefined ? undefined : this.#store.answerTo(requestId);
    if (known) {
      if (known.digest !== digest) return err({ reason: "idempotency_mismatch" });
      return this.#running?.answer.messageId === known.message_id ? this.#running.opened : ok(known.message_id);
    }
    if (this.#running) return err({ reason: "chat_busy" });
    const told = this.#told();
    const messageId = this.#store.ask(asked.question.text, requestId, digest, Date.now());
    const answer = new RunningAnswer<KeptEvent>(messageId, asked.isResumable);
    const opened = this.#open(asked, told, answer, signal);
    this.#running = { answer, opened };
    return opened;
  }

  /** An answer's events behind `after`, as lines of JSON; all of them where it has no such event. */
  events(messageId: number, after: number, signal: AbortSignal): Response {
    const left = new AbortController();
    const from = this.#store.events(messageId, 0).some(({ seq }) => seq === after) ? after : 0;
    const running = this.#running?.answer.messageId === messageId ? this.#running.answer : undefined;
    const events = running
      ? running.read(from, AbortSignal.any([signal, left.signal]))
      : this.#store.events(messageId, from)[Symbol.iterator]();
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const next = await events.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(`${JSON.stringify({ ...next.value, answer: messageId })}\n`));
      },
      cancel: () => left.abort(),
    });
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  }

  async #open(
    { question: asked, isResumable }: KeptQuestion,
    told: readonly MessageRow[],
    running: RunningAnswer<KeptEvent>,
    signal: AbortSignal,
  ): Promise<Opened> {
    const { messageId } = running;
    const { chat } = this.#store;
    const leave = (): void => running.ending.abort();
    if (!isResumable) signal.addEventListener("abort", leave, { once: true });
    const system = chat && contextText(contextOf(chat), asked.system);
    const model = { ...asked.model, name: asked.model.name ?? chat?.model ?? undefined };
    const { env, keepAlive, touched } = this.#around;
    const before = told.map(({ role, content }) => ({ role, content }));
    const carried = [...new Set(told.flatMap(({ sessions }) => JSON.parse(sessions) as string[]))];
    try {
      await touched();
      const answer = await openAnswer(env, { ...asked, model, before, system }, running.ending.signal, keepAlive);
      if (answer.ok) {
        keepAlive(this.#make(running, answer.value, carried));
        return ok(messageId);
      }
      this.#over(running);
      if (!this.#store.chat) return err({ reason: "chat_not_found" });
      this.#store.unask(messageId);
      return answer;
    } catch (cause) {
      this.#over(running);
      // One that was deleted meanwhile has nothing to note it in.
      if (!this.#store.chat) return err({ reason: "chat_not_found" });
      this.#break(messageId);
      throw cause;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Makes an answer to its end. A failure becomes its last event, and never rejects. @param carried meetings that the chat has words of. */
  async #make(running: RunningAnswer<KeptEvent>, answer: Answer, carried: readonly string[]): Promise<void> {
    const { messageId, ending } = running;
    const { env, name, touched } = this.#around;
    let text = "";
    const citations: (Citation | DocumentCitation)[] = [];
    const keep = (event: KeptEvent): void => this.#store.keep(messageId, running.push(event), event);
    try {
      for await (const event of answer) {
        if (event.type === "sources") {
          const sessions = new Set([...event.sessions, ...(event.knowsBefore ? carried : [])]);
          // Before a word of it is kept: whoever deletes a meeting then finds it here.
          if (sessions.size > 0) await env.MEETING_INDEX.getByName(event.tenant).usedIn([...sessions], name);
          this.#store.from(messageId, [...sessions]);
          continue;
        }
        if (ending.signal.aborted) throw new Error("nobody waits for it any more");
        if (event.type === "delta") text += event.text;
        if (event.type === "citation") citations.push(event.citation);
        if (event.type === "document") citations.push(event.document);
        if (event.type === "done") this.#store.end(messageId, "whole", text, citations, event.end);
        keep(event);
      }
    } catch (cause) {
      if (this.#isKept(messageId)) {
        this.#store.end(messageId, "broken", text, citations, undefined);
        keep({ type: "error", error: brokenOff(cause) });
      }
    } finally {
      this.#over(running);
      await touched();
    }
  }

  /** Neither cleared nor forgotten meanwhile. */
  #isKept(messageId: number): boolean {
    const { chat } = this.#store;
    return chat !== undefined && this.#store.isRunning(messageId);
  }

  #over(running: RunningAnswer<KeptEvent>): void {
    running.over();
    if (this.#running?.answer === running) this.#running = undefined;
  }

  /** An answer that nobody makes any more. */
  #break(messageId: number): void {
    const events = this.#store.events(messageId, 0);
    const text = events.map(({ event }) => (event.type === "delta" ? event.text : "")).join("");
    const citations = events.flatMap(({ event }): (Citation | DocumentCitation)[] => {
      if (event.type === "citation") return [event.citation];
      return event.type === "document" ? [event.document] : [];
    });
    this.#store.end(messageId, "broken", text, citations, undefined);
    this.#store.keep(messageId, (events.at(-1)?.seq ?? 0) + 1, { type: "error", error: interrupted });
  }

  /** What a model is told of what was said before. */
  #told(): MessageRow[] {
    let chars = 0;
    const all = this.#store.messages(toldBefore.messages);
    const told = all.filter(({ content, status }) => content !== "" && status === "whole").toReversed();
    return told.filter(({ content }) => (chars += content.length) <= toldBefore.chars).toReversed();
  }
}
