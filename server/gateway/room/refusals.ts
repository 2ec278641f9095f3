/** What the room refuses with, and the `error` message of it: details are sentences that a person can act on. */
import type { FrameError } from "../../../schemas/wire/codec.ts";
import { wireErrors } from "../../../schemas/wire/errors.ts";
import { limits } from "../../../schemas/limits.ts";
import type { ErrorMessage } from "../../../schemas/wire/messages.ts";
import { isTokenSubject } from "../../shared/access/principal.ts";
import type { KeepOutcome } from "../tracks/keep.ts";
import { storageFullRetryMs } from "../../shared/lib/storage-full.ts";

export const tooManySessions = {
  code: "rate_limited",
  detail: "The tenant has as many sessions open as it may. Finalize or delete one first.",
  retryAfterMs: 60_000,
} as const;
export const storageFull = {
  code: "rate_limited",
  detail: "There is no space left to store anything: this was not kept, and what was acked is. Come again later.",
  retryAfterMs: storageFullRetryMs,
} as const;
export const roomFailed = {
  code: "internal",
  detail: "The room failed and restarts. Reconnect and resend what was not acked.",
} as const;

export type Refusal = FrameError & { readonly retryAfterMs?: number };

/** The `error` message of a refusal. */
export function errorMessage({ code, detail, seq, retryAfterMs }: Refusal): ErrorMessage {
  return {
    type: "error",
    code,
    detail,
    ...(seq === undefined ? {} : { seq }),
    retryable: wireErrors[code].retryable,
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  };
}

const tokenExpired: Refusal = {
  code: "token_expired",
  detail: "The session token has expired. Connect with a new one; what was acked is kept.",
};

const keyExpired: Refusal = { code: "unauthorized", detail: "The API key has expired. What was acked is kept." };

/** @param subject of the connection whose credential has ended. */
export function credentialExpired(subject: string): Refusal {
  return isTokenSubject(subject) ? tokenExpired : keyExpired;
}

/** The connection's API key was found to be good for nothing any more. */
export const keyRevoked: Refusal = {
  code: "unauthorized",
  detail: "The API key was revoked or has expired. What was acked is kept.",
};

export const liveBeforeHello: Refusal = {
  code: "bad_frame",
  detail: "type: live audio is of a track: take it first, with hello. It is of use while ready or listeners say live.",
};

export const mayNotListen: Refusal = {
  code: "forbidden",
  detail: "Live audio of others needs an API key with the scope sessions:read, or a token of role observe or edit.",
};

export const tookNoTrack: Refusal = {
  code: "idle",
  detail: `A connection takes its track within ${limits.takeTrackWithinMs / 1_000} s: send hello once it is open.`,
};

export const slowConsumer: Refusal = {
  code: "slow_consumer",
  detail:
    "Much was sent here and not told to be read: answer each mark with {type: seen, mark}. Connect again with the last event_id that you have; what was acked is kept.",
};

/** @param tracks those that the credential is for. */
export function trackForbidden(tracks: readonly string[]): Refusal {
  return { code: "forbidden", detail: `The token is for these tracks alone: ${tracks.join(", ")}.` };
}

export const endedTooOften: Refusal = {
  code: "bad_frame",
  detail: `end: the end of this track was changed ${limits.maxTrackEnds} times, and is not changed any more.`,
};

export const streamOnly: Refusal = {
  code: "forbidden",
  detail: "The credential is for streaming only, without sessions:read: send hello without subscribe.",
};

export const watchOnly: Refusal = {
  code: "bad_frame",
  detail: "This connection only watches. It takes ping and close; stream on /v1/audio/ws/….",
};

export const sessionFinalized: Refusal = {
  code: "session_finalized",
  detail: "The session is finalizing or finalized; nothing more is kept.",
};

export const sessionDeleted: Refusal = {
  code: "session_finalized",
  detail: "The session was deleted; nothing of it is kept, and its id can't be used again.",
};

type KeepRefusal = Extract<KeepOutcome, { kind: "refused" }>;

export const keepRefusals: Record<Exclude<KeepRefusal["code"], "rate_limited">, Refusal> = {
  seq_conflict: {
    code: "seq_conflict",
    detail: "Other bytes are already kept under this seq, and they stay. Number new audio onward.",
  },
  seq_out_of_range: {
    code: "seq_out_of_range",
    detail: `seq is at most ${limits.maxSeqAhead} beyond the track's last chunk, and at most ${limits.maxSeq}.`,
  },
  session_finalized: sessionFinalized,
};

/** Which limit it is. */
export const laterDetails: Record<Extract<KeepRefusal, { code: "rate_limited" }>["limit"], string> = {
  switch: "Recording is switched off by whoever runs this installation. Keep this chunk, and send it again later.",
  pace: "The track's audio comes faster than is taken. Send this chunk again later.",
  quota: "The tenant's audio of this day is used up, or can't be counted now. Send this chunk again later.",
  storage: "Too much audio of this session waits for storage. Send this chunk again later.",
};
