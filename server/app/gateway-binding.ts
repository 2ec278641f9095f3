/** The gateway as the app reaches it: its entrypoint for the app, by RPC. RPC's own types can't be had across Workers. */
import type { ParticipantBody } from "../../schemas/http/participant-body.ts";
import type { CaptionsMode, SessionState } from "../../schemas/http/sessions.ts";
import type { Result } from "../../schemas/lib/result.ts";
import type { MeetingText } from "../../schemas/meeting-text.ts";
import type { SpokenTurns } from "../../schemas/speech/spoken-turns.ts";
import type { HeardStretch, PostedUtterance } from "../../schemas/speech/utterances.ts";

interface SessionRef {
  readonly tenant: string;
  readonly session_id: string;
}
/** As the gateway's entrypoint says why not. */
type Refusal = "bad_request" | "session_not_found" | "session_deleted" | "after_beyond_log";

/** What becomes of a delivery after a try; `due_at` in ms since 1970, null unless pending. */
export interface NextStep {
  readonly state: "pending" | "delivered" | "dead";
  readonly dueAt: number | null;
}

export interface GatewayBinding {
  /** The room's sockets, on behalf of the app itself: the tenant is in a header. */
  fetch(request: Request): Promise<Response>;
  /** What the session was told of captions; undefined where the deployment's word holds. */
  captionsOf(session: SessionRef): Promise<Result<CaptionsMode | undefined, Refusal>>;
  /** Which model is to take part once somebody captures. */
  participantOf(session: SessionRef): Promise<Result<ParticipantBody | undefined, Refusal>>;
  chunks(
    session: SessionRef,
    track: string,
    fromSeq: number,
  ): Promise<Result<{ seq: number; pcm: Uint8Array<ArrayBuffer> }[], Refusal>>;
  /** Who speaks in a stretch of a track, as far as it is resolved. */
  turnsBetween(session: SessionRef, track: string, fromMs: number, toMs: number): Promise<Result<SpokenTurns, Refusal>>;
  /** Keeps what a model heard in a stretch of a track, in place of what a model heard there before. */
  hear(session: SessionRef, stretch: HeardStretch, subject: string): Promise<Result<"kept", Refusal | "log_full">>;
  /** Keeps what was said, as its words are known. */
  utter(session: SessionRef, utterances: readonly PostedUtterance[], subject: string): Promise<Result<"kept", Refusal>>;
  /** What was said, and by whom, as far as it is known now. */
  text(session: SessionRef): Promise<Result<MeetingText, Refusal>>;
  /** One try to deliver a webhook that is about no session. */
  deliverWebhook(
    tenant: string,
    delivery: { readonly delivery_id: string; readonly payload: string; readonly failures: number },
  ): Promise<NextStep>;
  sessionState(session: SessionRef): Promise<Result<SessionState, Refusal>>;
}
