/**
 * What the app reaches of the gateway, as its binding `GATEWAY`: meetings, by RPC. Nothing but a binding of the same account
 * can name this entrypoint, so no credential is asked for; each call names tenant and session itself, and the app answers for
 * asking on behalf of whom it may. Arguments are parsed all the same: a name that is none must not reach a room (SPEC N1).
 * Rejects only where the room or R2 fails.
 */
import { createHash } from "node:crypto";
import { WorkerEntrypoint } from "cloudflare:workers";
import * as z from "zod";
import type { EventsPage } from "../../../schemas/http/events.ts";
import type { ParticipantBody } from "../../../schemas/http/participant-body.ts";
import type { CaptionsMode, SessionState } from "../../../schemas/http/sessions.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { limits } from "../../../schemas/limits.ts";
import type { MeetingText } from "../../../schemas/meeting-text.ts";
import { roomName, sessionIdSchema, tenantSchema, trackNameSchema } from "../../../schemas/names.ts";
import type { SpokenTurns } from "../../../schemas/speech/spoken-turns.ts";
import {
  heardStretchSchema,
  type HeardStretch,
  type PostedUtterance,
  utterancesBodySchema,
} from "../../../schemas/speech/utterances.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { readChunk } from "../archive/chunk-reader.ts";
import type { Env } from "../env.ts";
import { readSlice } from "../http/log-reader.ts";
import { maxSecondsPerAsk } from "../results/wav/wav-reader.ts";
import { EarlierRoomError, reachRoom, type RoomApi, SessionDeletedError } from "../http/rooms.ts";
import { withoutCentroids } from "../http/without-centroids.ts";
import type { NextStep } from "../webhooks/schedule.ts";
import { deliverToDeployment, type TenantDelivery } from "./tenant-delivery.ts";
import { openAppSocket } from "./app-socket.ts";
import { readMeetingText } from "./meeting-text.ts";

const sessionSchema = z.object({ tenant: tenantSchema, session_id: sessionIdSchema });
export type SessionRef = z.infer<typeof sessionSchema>;
const chunksSchema = z.object({ track: trackNameSchema, from: z.int().min(1).max(limits.maxSeq) });
const placeSchema = z
  .int()
  .min(0)
  .max(limits.maxSeq * chunkMs);
const stretchSchema = z.object({ track: trackNameSchema, fromMs: placeSchema, toMs: placeSchema });
const afterSchema = z.int().min(0);
/** Chunks of one answer: 32 of them are a megabyte. */
export const maxChunksPerAsk = 32;
const eventsPerAsk = 500;

type Refusal = "bad_request" | "session_not_found" | "session_deleted" | "after_beyond_log";

/** A kept second. */
export interface FoundChunk {
  readonly seq: number;
  /** 32,000 bytes of s16le. */
  readonly pcm: Uint8Array<ArrayBuffer>;
}

export class GatewayEntrypoint extends WorkerEntrypoint<Env> {
  /** A socket of a room, for a part of the app that takes part in the meeting: as a client has it, on behalf of the app itself. */
  override fetch(request: Request): Promise<Response> {
    return openAppSocket(this.env.MEETING_SESSION, request);
  }

  sessionState(session: SessionRef): Promise<Result<SessionState, Refusal>> {
    return this.#inRoom(session, async (room) => {
      const state = await room.call("describe");
      return state ? ok(withoutCentroids(state)) : err("session_not_found");
    });
  }

  /** The events after one, in order; `has_more` where they do not fit. */
  eventsAfter(session: SessionRef, after: number): Promise<Result<EventsPage, Refusal>> {
    return this.#inRoom(session, async (room) => {
      const from = afterSchema.safeParse(after);
      if (!from.success) return err("bad_request");
      const page = await readSlice(room, from.data, eventsPerAsk);
      // An event that the log has not got is of another life of the session: the app begins anew.
      if (page.ok) return page;
      return err(page.error === "session_not_found" ? page.error : "after_beyond_log");
    });
  }

  /**
   * The kept seconds of a track from one on, over `maxChunksPerAsk` places of the timeline; what is missing is left out.
   */
  chunks(session: SessionRef, track: string, fromSeq: number): Promise<Result<FoundChunk[], Refusal>> {
    return this.#inRoom(session, async (room, { tenant, session_id: sessionId }) => {
      const asked = chunksSchema.safeParse({ track, from: fromSeq });
      if (!asked.success) return err("bad_request");
      const { track: name, from } = asked.data;
      const source = { bucket: this.env.RESULT_BUCKET, session: { tenant, sessionId }, sha256 };
      const found: FoundChunk[] = [];
      // A room says fewer at a time.
      for (let at = from; at < from + maxChunksPerAsk; at += maxSecondsPerAsk) {
        const kept = await room.call(
          "keptChunks",
          name,
          at,
          Math.min(at + maxSecondsPerAsk, from + maxChunksPerAsk) - 1,
        );
        if (!kept.ok) return kept;
        // One after the other: a caller that reads ahead has its own lanes.
        for (const chunk of kept.value) {
          found.push({ seq: chunk.seq, pcm: new Uint8Array(await readChunk(source, name, chunk)) });
        }
      }
      return ok(found);
    });
  }

  /**
   * Keeps what a model heard in a stretch of a track, in place of what a model heard there before (SPEC U20).
   * @param subject on whose behalf, as the event log counts.
   */
  hear(session: SessionRef, stretch: HeardStretch, subject: string): Promise<Result<"kept", Refusal | "log_full">> {
    return this.#inRoom<"kept", "log_full">(session, async (room) => {
      const parsed = heardStretchSchema.safeParse(stretch);
      if (!parsed.success) return err("bad_request");
      const heard = await room.call("hear", parsed.data, z.string().parse(subject));
      if (!heard.ok) return heard;
      return heard.value.utterances.some(({ status }) => status === "refused") ? err("log_full") : ok("kept");
    });
  }

  /** Keeps utterances whose words are known. What the log has no room for is not kept. @param subject as with `hear`. */
  utter(
    session: SessionRef,
    utterances: readonly PostedUtterance[],
    subject: string,
  ): Promise<Result<"kept", Refusal>> {
    return this.#inRoom<"kept">(session, async (room) => {
      const parsed = utterancesBodySchema.safeParse({ utterances });
      if (!parsed.success) return err("bad_request");
      const added = await room.call("addUtterances", parsed.data.utterances, z.string().parse(subject));
      return added.ok ? ok("kept") : added;
    });
  }

  /** Who speaks in a stretch of a track, as far as it is resolved. Of a room of an earlier version nothing is known. */
  turnsBetween(
    session: SessionRef,
    track: string,
    fromMs: number,
    toMs: number,
  ): Promise<Result<SpokenTurns, Refusal>> {
    return this.#inRoom(session, async (room) => {
      const asked = stretchSchema.safeParse({ track, fromMs, toMs });
      if (!asked.success) return err("bad_request");
      try {
        return await room.call("turnsBetween", asked.data.track, asked.data.fromMs, asked.data.toMs);
      } catch (cause) {
        if (!(cause instanceof EarlierRoomError)) throw cause;
        return ok({ last_seq: 0, is_ended: false, resolved_ms: 0, is_resolving: false, turns: [] });
      }
    });
  }

  /** What was said, and by whom, as far as it is known now. */
  text(session: SessionRef): Promise<Result<MeetingText, Refusal>> {
    return this.#inRoom(session, (room, { tenant, session_id }) => readMeetingText(roomName(tenant, session_id), room));
  }

  /** What the session was told of captions; undefined where the deployment's word holds. */
  captionsOf(session: SessionRef): Promise<Result<CaptionsMode | undefined, Refusal>> {
    return this.#inRoom(session, async (room) => {
      const found = await room.call("session");
      return found.ok ? ok(found.value.captions) : found;
    });
  }

  /** Which model is to take part once somebody captures; undefined where none is. */
  participantOf(session: SessionRef): Promise<Result<ParticipantBody | undefined, Refusal>> {
    return this.#inRoom(session, async (room) => {
      const found = await room.call("session");
      return found.ok ? ok(found.value.participant) : found;
    });
  }

  /**
   * One try to deliver a webhook that is about no session, to the deployment's own receiver: signed and bounded as every other.
   * @returns what is to become of it; `dead` where the deployment has no receiver.
   */
  deliverWebhook(tenant: string, delivery: TenantDelivery): Promise<NextStep> {
    return deliverToDeployment(this.env, tenantSchema.parse(tenant), delivery);
  }

  async #inRoom<T, More = never>(
    session: SessionRef,
    ask: (room: RoomApi, session: SessionRef) => Promise<Result<T, Refusal | More>>,
  ): Promise<Result<T, Refusal | More>> {
    const parsed = sessionSchema.safeParse(session);
    if (!parsed.success) return err("bad_request");
    const named = parsed.data;
    const traceId = crypto.randomUUID().replaceAll("-", "");
    try {
      return await ask(reachRoom(this.env.MEETING_SESSION, named.tenant, named.session_id, traceId), named);
    } catch (cause) {
      if (cause instanceof SessionDeletedError) return err("session_deleted");
      throw cause;
    }
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}
