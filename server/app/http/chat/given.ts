/** An answer's events as a route gives them, whole or one after the other, with a number where they can be asked for again. */
import type { Context } from "hono";
import type { ChatAnswer, Citation, DocumentCitation } from "../../../../schemas/http/chat.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { wantsEventStream } from "../../../shared/http/accepts.ts";
import { type Answer, brokenOff, type KeptEvent } from "../../chat/index.ts";
import type { HttpErrorCode } from "../../../../schemas/wire/errors.ts";
import type { AppEnv } from "../app-env.ts";
import { type Refusal } from "../speech/refusals.ts";
import { type SseEvent, sseResponse } from "../speech/sse-response.ts";
import type { Events, Numbered } from "./kept.ts";

export function wantsEvents(c: Context<AppEnv>): boolean {
  return wantsEventStream(c.req.header("accept"));
}

/** Of an answer that is not kept. A failure is its last event. */
export async function* numbered(answer: Answer): Events {
  let seq = 0;
  try {
    for await (const event of answer) if (event.type !== "sources") yield { seq: (seq += 1), event };
  } catch (cause) {
    yield { seq: seq + 1, event: { type: "error", error: brokenOff(cause) } };
  }
}

/** @param ids whether the events can be asked for again, by their numbers. @param left ends what makes them. */
export function asEvents(events: Events, ids: boolean, left: () => void): Response {
  return sseResponse(sseOf(events, ids), (cause) => ({ event: "error", data: brokenOff(cause) }), left);
}

async function* sseOf(events: Events, ids: boolean): AsyncGenerator<SseEvent, void> {
  for await (const { event, seq, answer } of events)
    yield { ...named(event), ...(ids && answer !== undefined ? { id: `${answer}.${seq}` } : {}) };
}

function named(event: KeptEvent): SseEvent {
  switch (event.type) {
    case "begin":
      return { event: "begin", data: { model: event.model, instead_of: event.instead_of } };
    case "delta":
      return { event: "delta", data: { text: event.text } };
    case "citation":
      return { event: "citation", data: event.citation };
    case "document":
      return { event: "document", data: event.document };
    case "done":
      return { event: "done", data: event.end };
    case "error":
      return { event: "error", data: event.error };
  }
}

/** All of an answer; or how it broke off. */
export async function whole(events: Events): Promise<Result<ChatAnswer, Refusal>> {
  let answer = "";
  const citations: Citation[] = [];
  const documents: DocumentCitation[] = [];
  for await (const { event } of events satisfies AsyncGenerator<Numbered>) {
    if (event.type === "delta") answer += event.text;
    else if (event.type === "citation") citations.push(event.citation);
    else if (event.type === "document") documents.push(event.document);
    else if (event.type === "done") return ok({ ...event.end, answer, citations, documents });
    else if (event.type === "error") {
      const { code, message: detail } = event.error;
      return err({ code: code as HttpErrorCode, detail });
    }
  }
  return err({ code: "model_failed", detail: "The answer broke off. Ask again." });
}
