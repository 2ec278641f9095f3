/** What went wrong, for a person: what it is, and what they can do. */
import { RoomtoneError, RoomtoneHttpError, RoomtoneNetworkError } from "../../index.ts";

export function plainWords(cause: unknown): string {
  if (cause instanceof RoomtoneHttpError) return httpWords(cause);
  if (cause instanceof RoomtoneNetworkError) return "The gateway can't be reached right now.";
  if (cause instanceof RoomtoneError) return "The gateway answered something that this page does not understand.";
  if (cause instanceof Error) return cause.message;
  return String(cause);
}

const known: Readonly<Record<string, string>> = {
  session_not_found: "There is no meeting of this name.",
  session_deleted: "This meeting was deleted.",
  unauthorized: "This needs an API key or a token.",
  token_expired: "This needs an API key or a token that has not ended.",
  rate_limited: "That was too much at once: the gateway needs a moment.",
};

function httpWords({ code, detail, status }: RoomtoneHttpError): string {
  const words = known[code];
  if (words !== undefined) return words;
  if (status === 403) return `Your key or token does not allow this. ${detail}`;
  return status >= 500 ? `The gateway has a problem. ${detail}` : detail;
}

/** Whether trying again may help without anyone doing anything. */
export function mayPass(cause: unknown): boolean {
  if (cause instanceof RoomtoneHttpError) return cause.status >= 500 || cause.status === 429 || cause.status === 408;
  return cause instanceof RoomtoneNetworkError;
}
