/** Quotes as an answer: each place is looked up once more before it is named, and what is gone by then is left out with its words (SPEC J4). */
import { modelNameOf, quotingModel } from "../../shared/config/speech.ts";
import type { Call } from "../ai/ports.ts";
import type { Meter } from "../ai/usage/meter.ts";
import { stemsOf } from "../search/words.ts";
import { type Answer, sourcesOf } from "./answer.ts";
import { placeOf, type Places, stands } from "./places.ts";
import { quoteDocuments } from "./quote/quote-documents.ts";
import { quoteMeetings, type Quotes } from "./quote/quote.ts";

const model = modelNameOf(quotingModel);
const noPlaces: Quotes = {
  found: false,
  parts: ["I only quote what was said in meetings, and none was asked."],
};
const noDocuments: Quotes = { found: false, parts: ["I found nothing on that in your documents."] };

interface Circumstances {
  readonly meter: Meter;
  readonly call: Call;
  /** The model that was to answer, and could not. */
  readonly instead?: string | undefined;
}

export async function* quotedAnswer(question: string, asked: Places, { meter, call, instead }: Circumstances): Answer {
  const stems = stemsOf(question).length;
  const reading = meter.begin({ name: model, kind: "chat", isOwn: true, isPriced: false }, call, {
    input_tokens: stems,
  });
  try {
    yield { type: "begin", model, instead_of: instead ?? null };
    if (instead !== undefined) yield { type: "delta", text: `${instead} can't answer now. ` };
    const { found, parts } = await quotesOf(question, asked);
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
      const text = waiting;
      waiting = "";
      if (!(await stands(part, asked))) continue;
      n += 1;
      yield { type: "delta", text: `${text}[${n}]` };
      yield placeOf(n, part);
    }
    if (waiting !== "") yield { type: "delta", text: waiting };
    const usage = reading.settle("ok", { input_tokens: stems, output_tokens: words });
    const end = {
      model,
      instead_of: instead ?? null,
      found: asked.meetings || asked.documents ? found : null,
      finish_reason: "stop",
      usage,
    } as const;
    yield { type: "done", end };
  } finally {
    // The first word counts.
    reading.settle("aborted", {});
  }
}

/** What meetings say comes first; documents are added where they bear on the question, or take its place where it says nothing. */
async function quotesOf(question: string, { meetings, documents }: Places): Promise<Quotes> {
  const said = meetings && (await quoteMeetings(question, meetings));
  const written = documents && (await quoteDocuments(question, documents));
  if (!written?.found) return said ?? (documents ? noDocuments : noPlaces);
  return said?.found ? { found: true, parts: [...said.parts, "\n\n", ...written.parts] } : written;
}
