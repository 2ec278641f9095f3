/**
 * Captions of one meeting (SPEC Q): one object a session, which the meeting's feed wakes. While audio comes it asks for what is kept
 * once a second, has it transcribed, and posts what was said as any other source of captions does. It may lag, fail and die: the
 * room waits for nothing of it, and it goes on from its cursors. Holds no audio but what is not said yet.
 */
import { DurableObject } from "cloudflare:workers";
import type { CaptionsMode } from "../../../schemas/http/sessions.ts";
import { roomName } from "../../../schemas/names.ts";
import type { FeedMessage } from "../../../schemas/meeting-feed.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { parseSpeechConfig } from "../../shared/config/speech.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { describeError, type Log, logFor } from "../../shared/telemetry/log.ts";
import { openSpeech, type TenantSpeech } from "../ai/index.ts";
import type { Env } from "../env.ts";
import { CaptionStore, type Followed } from "./caption-store.ts";
import { type Advance, FollowedTrack } from "../hearing/follow-track.ts";
import { hearForCaptions, type Setback } from "./hear-for-captions.ts";

/** While audio comes it is looked for this often, and so long after the last of it. */
const [lookMs, lookFurtherMs] = [1_000, 30_000];
const [minBackoffMs, maxBackoffMs] = [1_000, 60_000];
/** Where speaker resolve says nothing new for so long, a piece is said as if one spoke it. */
const turnsPatienceMs = 10_000;
/** Whose the captions are, as the event log's bounds tell callers apart. */
const subject = "app:captions";

export interface CaptionsProgress {
  readonly tracks: readonly { readonly track: string; readonly ms: number }[];
  readonly setback: { readonly reason: string; readonly until: string } | undefined;
}

const nothing: Advance = { hasRead: false, isCaughtUp: true };

interface Meeting {
  readonly session: Pick<Followed, "tenant" | "session_id">;
  readonly log: Log;
}

export class Captioner extends DurableObject<Env> {
  readonly #store = new CaptionStore(this.ctx.storage.sql);
  readonly #tracks = new Map<string, FollowedTrack<Setback>>();
  readonly #cooldown = new Cooldown({
    firstMs: minBackoffMs,
    maxMs: maxBackoffMs,
    now: Date.now,
    random: Math.random,
  });
  #lastNewAt = 0;
  #setback: CaptionsProgress["setback"];
  /** As the tenant's models were at the last look. */
  #speech: TenantSpeech | undefined;
  /** What the session was told of captions; asked anew whenever there is news of it. */
  #mode: Result<CaptionsMode | undefined, never> | undefined;
  /** Tracks on which the app itself speaks, and knows its words; asked likewise. */
  #spokenTracks: readonly string[] | undefined;

  /** Hears of a meeting. The same news again change nothing. */
  async follow(tenant: string, sessionId: string, messages: readonly FeedMessage[]): Promise<void> {
    if (messages.some(({ type }) => type === "session.deleted")) return this.#forget();
    const tracks = messages.flatMap((message) => ("track" in message ? [message.track] : []));
    const isOver = messages.some(({ type }) => type === "session.finalized");
    if (tracks.length === 0 && !isOver) return;
    this.#store.follow({ tenant, session_id: sessionId, isOver }, tracks);
    this.#lastNewAt = Date.now();
    this.#mode = this.#spokenTracks = undefined;
    await this.#lookAt(Math.max(Date.now(), this.#cooldown.until));
  }

  /** How far it is. */
  async progress(): Promise<CaptionsProgress> {
    const { cursors, followed } = this.#store;
    const spoken = followed ? await this.#spokenIn(followed) : [];
    return { tracks: cursors.filter(({ track }) => !spoken.includes(track)), setback: this.#setback };
  }

  async #spokenIn({ tenant, session_id }: Followed): Promise<readonly string[]> {
    this.#spokenTracks ??= await this.env.PARTICIPANT.getByName(roomName(tenant, session_id)).tracks();
    return this.#spokenTracks;
  }

  override async alarm(): Promise<void> {
    const { followed } = this.#store;
    if (!followed) return;
    const { tenant, session_id } = followed;
    const log = logFor({ tenant, session_id });
    try {
      const done = await this.#run(followed, log);
      if (!done.ok) {
        const waitMs = Math.max(this.#cooldown.failed(), Math.min(done.error.retryAfterMs ?? 0, maxBackoffMs));
        const { reason } = done.error;
        log.warn("captions.set_back", { reason, delay_ms: waitMs });
        this.#setback = { reason, until: new Date(Date.now() + waitMs).toISOString() };
        await this.#lookAt(Date.now() + waitMs);
        return;
      }
      this.#cooldown.succeeded();
      this.#setback = undefined;
      const { hasRead, isCaughtUp } = done.value;
      if (hasRead) this.#lastNewAt = Date.now();
      // There is more to say at once, or what it waits for may come.
      if (!isCaughtUp) return await this.#lookAt(Date.now() + (hasRead ? 0 : lookMs));
      if (Date.now() - this.#lastNewAt < lookFurtherMs && !followed.isOver) await this.#lookAt(Date.now() + lookMs);
    } catch (cause) {
      // What memory holds may not be what was kept.
      this.#tracks.clear();
      log.error("captions.failed", { error: describeError(cause) });
      await this.#lookAt(Date.now() + this.#cooldown.failed());
    }
  }

  async #run({ tenant, session_id }: Followed, log: Log): Promise<Result<Advance, Setback>> {
    const config = parseSpeechConfig(this.env);
    if (!config.ok) return err({ reason: config.error.join("; "), retryAfterMs: maxBackoffMs });
    const session = { tenant, session_id };
    const asked = this.#mode ?? (await this.env.GATEWAY.captionsOf(session));
    // Of a session that is no more nothing is left to say.
    if (!asked.ok) return ok(nothing);
    this.#mode = asked;
    if ((asked.value ?? config.value.captions) === "off") return ok(nothing);
    const speech = await openSpeech(this.env, tenant, (work) => this.ctx.waitUntil(work));
    if (!speech.ok || speech.value.transcribers().length === 0) return ok(nothing);
    const meeting = { session, log };
    this.#speech = speech.value;
    const spoken = await this.#spokenIn({ tenant, session_id, isOver: false });
    const tracks = this.#store.tracks.filter((track) => !spoken.includes(track));
    const all = await Promise.all(tracks.map((track) => this.#trackOf(track, meeting).advance()));
    const came = all.flatMap((one) => (one.ok ? [one.value] : []));
    return (
      all.find((one) => !one.ok) ??
      ok({
        hasRead: came.some(({ hasRead }) => hasRead),
        isCaughtUp: came.every(({ isCaughtUp }) => isCaughtUp),
      })
    );
  }

  #trackOf(track: string, meeting: Meeting): FollowedTrack<Setback> {
    const known = this.#tracks.get(track);
    if (known) return known;
    const { session, log } = meeting;
    const made = new FollowedTrack<Setback>({
      track,
      chunks: async (fromSeq) => orSetback(await this.env.GATEWAY.chunks(session, track, fromSeq)),
      turns: async (fromMs, toMs) => orSetback(await this.env.GATEWAY.turnsBetween(session, track, fromMs, toMs)),
      hear: async (speech) => {
        const models = this.#speech;
        return models
          ? hearForCaptions(models, session, speech)
          : err({ reason: "no models", retryAfterMs: undefined });
      },
      post: (heard) => this.#post(session, heard, log),
      cursor: () => this.#store.cursor(track),
      save: (cursor) => this.#store.save(track, cursor),
      isOver: () => this.#store.followed?.isOver ?? true,
      turnsPatienceMs,
      now: Date.now,
    });
    this.#tracks.set(track, made);
    return made;
  }

  async #post(session: Meeting["session"], heard: HeardStretch, log: Log): Promise<Result<void, Setback>> {
    const kept = await this.env.GATEWAY.hear(session, heard, subject);
    if (kept.ok) return ok(undefined);
    if (kept.error !== "log_full") return err({ reason: `the gateway: ${kept.error}`, retryAfterMs: undefined });
    // It will be refused again.
    log.warn("captions.refused", { code: kept.error, track: heard.track, start_ms: heard.from_ms });
    return ok(undefined);
  }

  async #forget(): Promise<void> {
    this.#tracks.clear();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  async #lookAt(at: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }
}

function orSetback<T>(read: Result<T, string>): Result<T, Setback> {
  return read.ok ? read : err({ reason: `the gateway: ${read.error}`, retryAfterMs: undefined });
}
