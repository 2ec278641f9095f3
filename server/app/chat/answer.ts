/** An answer on its way, whoever gives it: text in parts, places that it rests on, and how it ended. */
import type { ChatEnd, Citation, DocumentCitation } from "../../../schemas/http/chat.ts";
import type { LineRow } from "../search/index.ts";
import type { PassageRow } from "../sync/index.ts";
import { isPassage } from "./passages.ts";

export type AnswerEvent =
  | { readonly type: "begin"; readonly model: string; readonly instead_of: string | null }
  /** Meetings whose words the answer may hold, told before any of them: for who keeps it, and nobody else. */
  | {
      readonly type: "sources";
      readonly tenant: string;
      readonly sessions: readonly string[];
      /** Whether it may say again what was said in the chat before, and with it words of meetings that this was taken from. */
      readonly knowsBefore: boolean;
    }
  | { readonly type: "delta"; readonly text: string }
  | { readonly type: "citation"; readonly citation: Citation }
  | { readonly type: "document"; readonly document: DocumentCitation }
  | { readonly type: "done"; readonly end: ChatEnd };

/** Throws `ModelError` where the answer broke off. */
export type Answer = AsyncGenerator<AnswerEvent, void>;

/** @param lines that an answer is made from. */
export function sourcesOf(
  tenant: string,
  lines: readonly (LineRow | PassageRow)[],
  { knowsBefore }: { readonly knowsBefore: boolean },
): AnswerEvent {
  const sessions = new Set(lines.flatMap((line) => (isPassage(line) ? [] : [line.session_id])));
  return { type: "sources", tenant, sessions: [...sessions], knowsBefore };
}
