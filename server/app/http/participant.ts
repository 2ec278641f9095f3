/** `/v1/sessions/:session_id/participant`: a model that takes part in the meeting. It lives in `participant/`. */
import type { Context } from "hono";
import type { Participant as Shown } from "../../../schemas/http/participant.ts";
import { type ParticipantBody, participantBodySchema } from "../../../schemas/http/participant-body.ts";
import type { Result } from "../../../schemas/lib/result.ts";
import { limits } from "../../../schemas/limits.ts";
import { roomName } from "../../../schemas/names.ts";
import type { HttpErrorCode } from "../../../schemas/wire/errors.ts";
import { readJsonBody } from "../../shared/http/read-json-body.ts";
import type { NotStarted } from "../participant/index.ts";
import type { AppEnv } from "./app-env.ts";
import { callerOf, refuse, refuseSession, type SessionCaller } from "./of-session.ts";
import { subjectOf } from "../../shared/access/principal.ts";
import { exhausted } from "../ai/ask-in-turn.ts";
import { refusalOf, refuse as refuseModel } from "./speech/refusals.ts";
import { bodyRefusal } from "./speech/body-refusal.ts";

/** RPC's own types can't be had of optional values. */
interface Participant {
  start(tenant: string, sessionId: string, body: ParticipantBody, subject: string): Promise<Result<Shown, NotStarted>>;
  read(): Promise<Shown | undefined>;
  stop(): Promise<Shown | undefined>;
}

const refusals: Readonly<Record<Extract<NotStarted, string>, readonly [HttpErrorCode, string]>> = {
  participant_running: [
    "participant_running",
    "One with other settings takes part: end it with DELETE, or wait for its end.",
  ],
  model_unavailable: ["model_unavailable", "The model is not set up here: see LIVE_MODEL, and what it needs."],
  unknown_model: ["bad_request", "model: is none of LIVE_MODEL."],
  session_finalized: ["session_finalized", "The meeting is over."],
};

export async function startParticipantRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, participantBodySchema, limits.maxSessionBodyBytes);
  if (!body.ok) {
    const { code, detail } = bodyRefusal(body.error);
    return refuse(c, code, detail);
  }
  const { session, principal } = callerOf(c);
  const state = await c.env.GATEWAY.sessionState(session);
  if (!state.ok) return refuseSession(c, state.error);
  const started = await participantOf(c, session).start(
    session.tenant,
    session.session_id,
    body.value,
    subjectOf(principal),
  );
  if (started.ok) return Response.json(started.value);
  const { error } = started;
  // One that was deleted while its model was asked is gone, and not merely over.
  const now = error === "session_finalized" ? await c.env.GATEWAY.sessionState(session) : state;
  if (!now.ok) return refuseSession(c, now.error);
  return typeof error === "string" ? refuse(c, ...refusals[error]) : refuseModel(c, refusalOf(exhausted(error)));
}

export async function getParticipantRoute(c: Context<AppEnv>): Promise<Response> {
  return answer(c, (participant) => participant.read());
}

export async function endParticipantRoute(c: Context<AppEnv>): Promise<Response> {
  return answer(c, (participant) => participant.stop());
}

async function answer(
  c: Context<AppEnv>,
  ask: (participant: Participant) => Promise<Shown | undefined>,
): Promise<Response> {
  const { session } = callerOf(c);
  const state = await c.env.GATEWAY.sessionState(session);
  if (!state.ok) return refuseSession(c, state.error);
  const shown = await ask(participantOf(c, session));
  if (shown) return Response.json(shown);
  return refuse(c, "participant_not_found", "No model took part in this session yet: begin with PUT.");
}

function participantOf(c: Context<AppEnv>, { tenant, session_id }: SessionCaller["session"]): Participant {
  return c.env.PARTICIPANT.getByName(roomName(tenant, session_id));
}
