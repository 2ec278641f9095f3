/** An answer on its way, whoever gives it: text in parts, places that it rests on, and how it ended. */
import type { ChatAnswer, ChatEnd, Citation } from "../../../schemas/http/chat.ts";

export type AnswerEvent =
  | { readonly type: "begin"; readonly model: string; readonly instead_of: string | null }
  | { readonly type: "delta"; readonly text: string }
  | { readonly type: "citation"; readonly citation: Citation }
  | { readonly type: "done"; readonly end: ChatEnd };

/** Throws `ModelError` where the answer broke off. */
export type Answer = AsyncGenerator<AnswerEvent, void>;

/** All of an answer. @throws ModelError. */
export async function whole(answer: Answer): Promise<ChatAnswer> {
  let text = "";
  const citations: Citation[] = [];
  for await (const event of answer) {
    if (event.type === "delta") text += event.text;
    else if (event.type === "citation") citations.push(event.citation);
    else if (event.type === "done") return { ...event.end, answer: text, citations };
  }
  throw new Error("an answer ended without its end");
}
