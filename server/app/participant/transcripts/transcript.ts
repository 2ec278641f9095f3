/**
 * What both sides said, for the backend that asked for the conversation (SPEC Y9). Pure: the same conversation is the same body, however
 * often it is sent, and no two of its entries have one time, so that a store that knows an entry by interview and time keeps each once.
 */
import type { SpokenUtterance } from "../turns/turn-types.ts";

export type TranscriptFormat = "superjson" | "json";

interface Entry {
  readonly speaker: "USER" | "AI";
  readonly content: string;
  readonly timestamp: string;
}

/** @param said in the order in which it began. */
export function transcriptBody(
  interviewId: string,
  said: readonly SpokenUtterance[],
  format: TranscriptFormat,
): string {
  let last = 0;
  const transcript = said.map(({ speaker, text, at }): Entry => {
    last = Math.max(last + 1, Math.round(at));
    return { speaker, content: text, timestamp: new Date(last).toISOString() };
  });
  const body = { interviewId, transcript };
  if (format === "json") return JSON.stringify(body);
  // What superjson says of a Date: its text, and beside it where it stands.
  const values = Object.fromEntries(transcript.map((_, index) => [`transcript.${index}.timestamp`, ["Date"]]));
  const meta = transcript.length === 0 ? {} : { meta: { values, v: 1 } };
  return JSON.stringify({ json: body, ...meta });
}
