/** `/v1/sessions/:session_id/transcribe`: a meeting's kept audio through a model. The work is done in `transcribe/`. */
import type { Context } from "hono";
import { transcribeBodySchema, type Transcription, transcriptionSchema } from "../../../schemas/http/transcriptions.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { limits } from "../../../schemas/limits.ts";
import { roomName } from "../../../schemas/names.ts";
import { subjectOf } from "../../shared/access/principal.ts";
import { readJsonBody } from "../../shared/http/read-json-body.ts";
import { openSpeech } from "../ai/index.ts";
import { transcribersFor } from "../hearing/hear.ts";
import type { MeetingTranscriber } from "../transcribe/meeting-transcriber.ts";
import type { TranscriptionRow } from "../transcribe/transcription-row.ts";
import type { AppEnv } from "./app-env.ts";
import { callerOf, refuse, refuseSession } from "./of-session.ts";
import { bodyRefusal } from "./speech/body-refusal.ts";

type Session = TranscriptionRow["session"];
type Transcriber = Pick<MeetingTranscriber, "start" | "read" | "cancel">;

export async function startTranscriptionRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, transcribeBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) {
    const { code, detail } = bodyRefusal(body.error);
    return refuse(c, code, detail);
  }
  const { model = null, tracks } = body.value;
  const { session, principal } = callerOf(c);
  const state = await c.env.GATEWAY.sessionState(session);
  if (!state.ok) return refuseSession(c, state.error);
  const kept = state.value.ingest_by_track;
  const unknown = tracks?.find((track) => !Object.hasOwn(kept, track));
  if (unknown !== undefined) return refuse(c, "track_not_found", `The session has no track ${unknown}.`);
  const speech = await openSpeech(c.env, session.tenant, (work) => c.executionCtx.waitUntil(work));
  if (!speech.ok || transcribersFor(speech.value, model).length === 0) {
    if (model === null) return refuse(c, "model_unavailable", "No model is set up for this: see EMBEDDED_BASE_URL.");
    return refuse(c, "bad_request", "model: names none that transcribes here; GET /v1/models lists them.");
  }
  // What a participant speaks on has its words already.
  const spoken = tracks ? [] : await c.env.PARTICIPANT.getByName(roomName(session.tenant, session.session_id)).tracks();
  const usual = Object.keys(kept).filter((track) => !spoken.includes(track));
  const wanted = [...new Set(tracks ?? usual)].map((track) => {
    return { track, duration_ms: (kept[track]?.last_seq ?? 0) * chunkMs };
  });
  // Done at once, with no words, it would say that nobody spoke (U9).
  if (wanted.every(({ duration_ms }) => duration_ms === 0))
    return refuse(c, "track_not_found", "The session has no audio to transcribe yet.");
  const started = await transcriberOf(c, session).start({
    session,
    subject: subjectOf(principal),
    trace_id: c.var.traceId,
    model,
    tracks: wanted,
  });
  if (started.ok) return Response.json(shown(started.value), { status: 202 });
  const detail = "One of another model or other tracks is running: wait for its end, or call it off with DELETE.";
  return refuse(c, started.error, detail);
}

export async function getTranscriptionRoute(c: Context<AppEnv>): Promise<Response> {
  return answer(c, (transcriber) => transcriber.read());
}

export async function cancelTranscriptionRoute(c: Context<AppEnv>): Promise<Response> {
  return answer(c, (transcriber) => transcriber.cancel());
}

async function answer(
  c: Context<AppEnv>,
  ask: (transcriber: Transcriber) => TranscriptionRow | undefined | Promise<TranscriptionRow | undefined>,
): Promise<Response> {
  const { session } = callerOf(c);
  const state = await c.env.GATEWAY.sessionState(session);
  if (!state.ok) return refuseSession(c, state.error);
  const row = await ask(transcriberOf(c, session));
  return row
    ? Response.json(shown(row))
    : refuse(c, "transcription_not_found", "Nothing of this session was transcribed here yet: begin with POST.");
}

function transcriberOf(c: Context<AppEnv>, { tenant, session_id }: Session): Transcriber {
  return c.env.MEETING_TRANSCRIBER.getByName(roomName(tenant, session_id)) as unknown as Transcriber;
}

/** Without what is nobody's to know. */
function shown(row: TranscriptionRow): Transcription {
  return transcriptionSchema.parse(row);
}
