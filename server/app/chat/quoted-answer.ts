/** Quotes as an answer: each place is looked up once more before it is named, and what is gone by then is left out with its words (SPEC J4). */
import { modelNameOf, quotingModel } from "../../shared/config/speech.ts";
import type { Call } from "../ai/ports.ts";
import type { Meter } from "../ai/usage/meter.ts";
import { stemsOf } from "../search/words.ts";
import { type Answer, sourcesOf } from "./answer.ts";
import type { Meetings } from "./meetings.ts";
import { quoteMeetings, type Quotes } from "./quote/quote.ts";

const model = modelNameOf(quotingModel);
const noMeetings: Quotes = {
  found: false,
  parts: ["I only quote what was said in meetings, and none was asked."],
};

interface Circumstances {
  readonly meter: Meter;
  readonly call: Call;
  /** The model that was to answer, and could not. */
  readonly instead?: string | undefined;
}

/** @param meetings undefined where no meeting is asked. */
export async function* quotedAnswer(
  question: string,
  meetings: Meetings | undefined,
  { meter, call, instead }: Circumstances,
): Answer {
  const asked = stemsOf(question).length;
  const reading = meter.begin({ name: model, kind: "chat", isOwn: true, isPriced: false }, call, {
    input_tokens: asked,
  });
  try {
    yield { type: "begin", model, instead_of: instead ?? null };
    if (instead !== undefined) yield { type: "delta", text: `${instead} can't answer now. ` };
    const { found, parts } = meetings ? await quoteMeetings(question, meetings) : noMeetings;
    yield sourcesOf(
      call.tenant,
      parts.filter((part) => typeof part !== "string"),
      { knowsBefore: false },
    );
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
      if (!(await meetings?.has(part))) continue;
      n += 1;
      yield { type: "delta", text: `${text}[${n}]` };
      yield { type: "citation", citation: { n, session_id, track, start_ms, end_ms, speaker } };
    }
    if (waiting !== "") yield { type: "delta", text: waiting };
    const usage = reading.settle("ok", { input_tokens: asked, output_tokens: words });
    const end = {
      model,
      instead_of: instead ?? null,
      found: meetings ? found : null,
      finish_reason: "stop",
      usage,
    } as const;
    yield { type: "done", end };
  } finally {
    // The first word counts.
    reading.settle("aborted", {});
  }
}
