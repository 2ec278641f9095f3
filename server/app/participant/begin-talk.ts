/** What a conversation begins with, asked of the meeting and of the installation; and whether those who were heard have left. Keeps nothing. */
import type { Exhausted } from "../../../schemas/billing/budgets.ts";
import type { ParticipantBody } from "../../../schemas/http/participant-body.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { parseSpeechConfig } from "../../shared/config/speech.ts";
import { describeError, logFor } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import { freeTrack } from "./kept-as.ts";
import { modelOf } from "./models/of-installation.ts";
import type { OpenTalk } from "./models/open-talk.ts";
import type { Kept } from "./participant-store.ts";

export type SessionRef = Pick<Kept, "tenant" | "session_id">;

export type NotStarted =
  | "participant_running"
  | "model_unavailable"
  | "unknown_model"
  | "session_finalized"
  /** The tenant's budgets have no minute left. */
  | Exhausted;

export function wordOf(reason: NotStarted): string {
  return typeof reason === "string" ? reason : reason.budget;
}

export async function setTalk(
  env: Env,
  session: SessionRef,
  body: ParticipantBody,
  talkOf: (model: string) => Promise<Result<OpenTalk, "not_set_up">>,
): Promise<Result<Pick<Kept, "model" | "track" | "posts_people"> & { readonly open: OpenTalk }, NotStarted>> {
  const wanted = modelOf(env, body);
  if (!wanted.ok) return wanted;
  const open = await talkOf(wanted.value);
  if (!open.ok) return err("model_unavailable");
  const [state, captions] = await Promise.all([env.GATEWAY.sessionState(session), env.GATEWAY.captionsOf(session)]);
  if (!state.ok || state.value.status !== "open") return err("session_finalized");
  const config = parseSpeechConfig(env);
  const mode = (captions.ok ? captions.value : undefined) ?? (config.ok ? config.value.captions : "off");
  const track = freeTrack(Object.keys(state.value.ingest_by_track));
  return ok({ model: wanted.value, track, posts_people: mode === "off", open: open.value });
}

/** @returns false also where the room can't say: a minute alone ends a conversation as well. */
export async function areTracksEnded(env: Env, session: SessionRef, tracks: readonly string[]): Promise<boolean> {
  try {
    const all = await Promise.all(tracks.map((track) => env.GATEWAY.turnsBetween(session, track, 0, 1)));
    return all.length > 0 && all.every((one) => one.ok && one.value.is_ended);
  } catch (cause) {
    logFor(session).warn("participant.look_failed", { error: describeError(cause) });
    return false;
  }
}
