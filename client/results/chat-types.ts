/** What a results client takes and gives where meetings are asked. */
import type * as z from "zod";
import type { chatBodySchema, chatEndSchema, Citation, DocumentCitation } from "../../schemas/http/chat.ts";
import type { CallOptions } from "./call-options.ts";

export type ChatQuestion = z.input<typeof chatBodySchema>;
export type ChatEnd = z.infer<typeof chatEndSchema>;
export type ChatCitation = Citation;
export type ChatDocument = DocumentCitation;

export type ChatEvent =
  /** Who answers, as `provider/model`, and in whose place, where another was to. */
  | { readonly type: "begin"; readonly model: string; readonly instead_of: string | null }
  | { readonly type: "delta"; readonly text: string }
  /** A place that the text before it rests on, where it says `[n]`. */
  | ({ readonly type: "citation" } & ChatCitation)
  /** A place in a document of one's own, likewise. */
  | ({ readonly type: "document" } & ChatDocument)
  | ({ readonly type: "done" } & ChatEnd);

export interface ChatOptions extends CallOptions {
  /** First until the answer begins, then for each piece of it. 60,000 by default. */
  readonly timeoutMs?: number | undefined;
}
