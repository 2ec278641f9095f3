/**
 * The gateway behind this page, by the client library. A refused credential asks the person for another one and goes on; all
 * else that fails is the caller's to show, as `plainWords` says it.
 */
import { createResultsClient, type ResultsClient, RoomtoneHttpError } from "../../index.ts";
import { anotherCredential, credential } from "../state/access.ts";

export const baseUrl = new URL(".", location.href).href.replace(/\/$/, "");

const options = { baseUrl, token: () => credential.value?.text };
/** Tries again by itself, a few times. */
export const gateway: ResultsClient = createResultsClient(options);
/** Tells every failure at once: for those who show it, and try again by themselves. */
export const gatewayAtOnce: ResultsClient = createResultsClient({ ...options, retries: 0, timeoutMs: 10_000 });

/** Runs a call, and once more with another credential for as long as the person gives one. */
export async function withAccess<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    const used = credential.value;
    try {
      return await call();
    } catch (cause) {
      if (!isRefused(cause)) throw cause;
      // Another call may have brought one in the meantime.
      if (credential.value !== used) continue;
      if ((await anotherCredential(reasonOf(cause, used !== undefined))) === undefined) throw cause;
    }
  }
}

export function isRefused(cause: unknown): cause is RoomtoneHttpError {
  return cause instanceof RoomtoneHttpError && cause.status === 401;
}

function reasonOf(cause: RoomtoneHttpError, hadOne: boolean): string {
  if (cause.code === "token_expired") return "Your token has ended. Enter another one to go on.";
  if (hadOne) return "The gateway does not know this key or token. Enter another one.";
  return "This gateway asks who you are. Enter an API key, or the token of a meeting.";
}
