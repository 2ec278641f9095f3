/** What made a version, from the events that are new in it. Pure: told from the log, it comes out the same again (F1). */
import type { VersionCause } from "../../../../schemas/http/versions.ts";
import type { EventBody } from "../../../../schemas/speech/events.ts";

type Happened = Pick<EventBody, "type" | "by">;

export function causesOf(happened: readonly Happened[]): VersionCause[] {
  const causes = new Set(happened.flatMap((event) => causeOf(event) ?? []));
  return [...causes].sort();
}

function causeOf({ type, by }: Happened): VersionCause | undefined {
  if (type === "result.revised") return undefined;
  if (type.startsWith("utterance.")) return "captions";
  if (type.startsWith("resolve.") || (type.startsWith("speaker.") && by === "inference")) return "resolve";
  return by === "person" ? "corrections" : "other";
}
