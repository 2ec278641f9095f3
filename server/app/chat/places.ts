/** Where an answer is looked for, and a place in it that the answer names: each is looked up as it is sent (SPEC J4). */
import type { LineRow } from "../search/index.ts";
import type { PassageRow } from "../sync/index.ts";
import type { AnswerEvent } from "./answer.ts";
import type { Meetings } from "./meetings.ts";
import { documentPlace, type OwnDocuments } from "./own-documents.ts";
import { isPassage } from "./passages.ts";

export interface Places {
  readonly meetings: Meetings | undefined;
  readonly documents: OwnDocuments | undefined;
}

/** Whether a line was said, or stands in its document, as far as it is known now. */
export async function stands(line: LineRow | PassageRow, { meetings, documents }: Places): Promise<boolean> {
  return (isPassage(line) ? await documents?.has(line) : await meetings?.has(line)) ?? false;
}

export function placeOf(n: number, line: LineRow | PassageRow): AnswerEvent {
  if (isPassage(line)) return { type: "document", document: documentPlace(n, line) };
  const { session_id, track, start_ms, end_ms, speaker } = line;
  return { type: "citation", citation: { n, session_id, track, start_ms, end_ms, speaker } };
}
