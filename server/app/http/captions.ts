/** `GET /v1/sessions/:session_id/captions`: how far captions are. They are made in `captions/`. */
import type { Context } from "hono";
import type { CaptionsState } from "../../../schemas/http/captions.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { roomName } from "../../../schemas/names.ts";
import { parseSpeechConfig } from "../../shared/config/speech.ts";
import type { AppEnv } from "./app-env.ts";
import { callerOf, refuse, refuseSession } from "./of-session.ts";

export async function getCaptionsRoute(c: Context<AppEnv>): Promise<Response> {
  const { session } = callerOf(c);
  const config = parseSpeechConfig(c.env);
  if (!config.ok) return refuse(c, "misconfigured", config.error.join("; "));
  const [state, asked] = await Promise.all([c.env.GATEWAY.sessionState(session), c.env.GATEWAY.captionsOf(session)]);
  if (!state.ok) return refuseSession(c, state.error);
  if (!asked.ok) return refuseSession(c, asked.error);
  const captioner = c.env.CAPTIONER.getByName(roomName(session.tenant, session.session_id));
  const mode = asked.value ?? config.value.captions;
  // Where nobody is to say anything, nothing is behind.
  const kept = mode === "off" ? [] : Object.keys(state.value.ingest_by_track);
  const { tracks, setback } = await captioner.progress(session, kept);
  const answer: CaptionsState = {
    session_id: session.session_id,
    mode,
    tracks: tracks.map(({ track, ms }) => {
      const kept_ms = (state.value.ingest_by_track[track]?.last_seq ?? 0) * chunkMs;
      return { track, captioned_ms: ms, kept_ms, lag_ms: Math.max(0, kept_ms - ms) };
    }),
    setback: setback ?? null,
  };
  return Response.json(answer);
}
