/** Quotes as an answer: each place is looked up once more before it is named, and what is gone by then is left out with its words (SPEC J4). */
import { stemsOf } from "../search/words.ts";
import type { Answer } from "./answer.ts";
import type { Meetings } from "./meetings.ts";
import { quoteMeetings } from "./quote/quote.ts";

export const quotingModel = "embedded/extractive";

export async function* quotedAnswer(question: string, meetings: Meetings): Answer {
  yield { type: "begin", model: quotingModel };
  const { found, parts } = await quoteMeetings(question, meetings);
  let n = 0;
  let words = 0;
  let waiting = "";
  for (const part of parts) {
    if (typeof part === "string") {
      if (waiting !== "") yield { type: "delta", text: waiting };
      waiting = part;
      words += stemsOf(part).length;
      continue;
    }
    const { session_id, track, start_ms, end_ms, speaker } = part;
    const text = waiting;
    waiting = "";
    if (!(await meetings.has(part))) continue;
    n += 1;
    yield { type: "delta", text: `${text}[${n}]` };
    yield { type: "citation", citation: { n, session_id, track, start_ms, end_ms, speaker } };
  }
  if (waiting !== "") yield { type: "delta", text: waiting };
  const usage = { input_tokens: stemsOf(question).length, output_tokens: words, cost_nano_usd: 0, is_estimated: false };
  yield { type: "done", end: { model: quotingModel, found, finish_reason: "stop", usage } };
}
