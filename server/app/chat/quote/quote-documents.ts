/** What the asker's own documents say on a question, in their words. A question about people or a whole meeting is none for documents. */
import type { PassageRow } from "../../sync/index.ts";
import type { OwnDocuments } from "../own-documents.ts";
import { intentOf } from "./intent.ts";
import { leastScore, nearlyAsGood, type Quotes } from "./quote.ts";

const maxQuotes = 2;

export async function quoteDocuments(question: string, documents: OwnDocuments): Promise<Quotes> {
  if (intentOf(question, []).kind !== "search") return { found: false, parts: [] };
  const found = (await documents.find(question, 10)).filter(({ score }) => score >= leastScore);
  const best = found[0]?.score ?? 0;
  const some = found.filter(({ score }) => score >= best * nearlyAsGood).slice(0, maxQuotes);
  if (some.length === 0) return { found: false, parts: [] };
  return { found: true, parts: ["This stands in your documents:\n", ...some.flatMap(({ line }) => quoted(line))] };
}

function quoted(passage: PassageRow): (string | PassageRow)[] {
  return ["\n", `${passage.title}: “${passage.text.trim()}” `, passage];
}
