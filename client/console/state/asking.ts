/** A question to one meeting or to all, and its answer as it comes. One at a time; leaving it ends the model's work. */
import { signal } from "@preact/signals";
import type { ChatCitation, ChatDocument } from "../../index.ts";
import { gateway, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";

/** A place that was chosen in an answer, on the way to its meeting's player. */
export const chosenPlace = signal<ChatCitation | undefined>(undefined);

export class Asking {
  readonly question = signal("");
  readonly text = signal("");
  readonly citations = signal<ReadonlyMap<number, ChatCitation>>(new Map());
  readonly documents = signal<ReadonlyMap<number, ChatDocument>>(new Map());
  readonly isAnswering = signal(false);
  /** Who answers in the place of the model that was to and could not, in words. */
  readonly insteadOf = signal<string | undefined>(undefined);
  /** Whether the person ended it before its end. */
  readonly isStopped = signal(false);
  /** Why the answer ends before its end. */
  readonly cut = signal<"length" | "content_filter" | undefined>(undefined);
  readonly problem = signal<string | undefined>(undefined);
  readonly #meetings: readonly string[] | undefined;
  #ending = new AbortController();

  /** @param meetings all that may be seen without them. */
  constructor(meetings?: readonly string[]) {
    this.#meetings = meetings;
  }

  async ask(): Promise<void> {
    const message = this.question.value.trim();
    if (message === "") return;
    this.stop();
    const ending = new AbortController();
    this.#ending = ending;
    this.isAnswering.value = true;
    this.#begin();
    try {
      await withAccess(() => this.#answer(message, ending.signal));
    } catch (cause) {
      if (!ending.signal.aborted) this.problem.value = plainWords(cause);
    } finally {
      if (this.#ending === ending) this.isAnswering.value = false;
    }
  }

  /** Of an answer that is under way; what came of it stays. */
  stop(): void {
    this.#ending.abort();
    this.isStopped.value = this.isAnswering.value;
    this.isAnswering.value = false;
  }

  #begin(): void {
    this.text.value = "";
    this.citations.value = new Map();
    this.documents.value = new Map();
    this.insteadOf.value = undefined;
    this.cut.value = undefined;
    this.problem.value = undefined;
    this.isStopped.value = false;
  }

  async #answer(message: string, ending: AbortSignal): Promise<void> {
    const question = { message, ...(this.#meetings ? { meetings: [...this.#meetings] } : {}) };
    for await (const event of gateway.chat(question, { signal: ending })) {
      if (ending.aborted) return;
      if (event.type === "begin") this.insteadOf.value = insteadWords(event.instead_of, event.model);
      else if (event.type === "delta") this.text.value += event.text;
      else if (event.type === "citation") this.citations.value = new Map(this.citations.value).set(event.n, event);
      else if (event.type === "document") this.documents.value = new Map(this.documents.value).set(event.n, event);
      else this.cut.value = event.finish_reason === "stop" ? undefined : event.finish_reason;
    }
  }
}

function insteadWords(absent: string | null, model: string): string | undefined {
  if (absent === null) return undefined;
  // The one that comes with an installation writes no word of its own.
  const isQuoting = model.startsWith("embedded/");
  return `${absent} can’t answer at the moment. ${isQuoting ? "Instead, this is what was said, word for word:" : `${model} answers instead:`}`;
}
