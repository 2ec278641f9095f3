/**
 * Captions of one meeting (SPEC Q): one object a session, which the meeting's feed wakes. While audio comes it asks for what is kept
 * once a second, has it transcribed, and posts what was said as any other source of captions does. It may lag, fail and die: the
 * room waits for nothing of it, and it goes on from its cursors. Where captions are `live` it also listens to the meeting, and says what
 * is spoken now. Holds no audio but what is not said yet.
 */
import { DurableObject } from "cloudflare:workers";
import type { CaptionsMode } from "../../../schemas/http/sessions.ts";
import { roomName } from "../../../schemas/names.ts";
import type { FeedMessage } from "../../../schemas/meeting-feed.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { parseSpeechConfig } from "../../shared/config/speech.ts";
import { Cooldown, isWithin } from "../../shared/lib/cooldown.ts";
import { switchedOffRetryMs } from "../../../schemas/switches.ts";
import { switchesOf } from "../../shared/switches/of-installation.ts";
import { describeError, type Log, logFor } from "../../shared/telemetry/log.ts";
import { openSpeech, type TenantSpeech } from "../ai/index.ts";
import type { Env } from "../env.ts";
import { installation } from "../operations/index.ts";
import { CaptionLag } from "./caption-lag.ts";
import { CaptionStore, type Followed } from "./caption-store.ts";
import type { Advance } from "../hearing/follow-track.ts";
import { CaptionedTrack } from "./captioned-track.ts";
import { hearForCaptions, orSetback, type Setback } from "./hear-for-captions.ts";
import { Precedence } from "../hearing/precedence.ts";
import { LiveAudio } from "./live-audio.ts";
import { takeBack } from "./take-back.ts";
import { TrackSteps } from "./track-steps.ts";

/** While audio comes it is looked for this often, and so long after the last of it. */
const [lookMs, lookFurtherMs] = [1_000, 30_000];
/** Where captions are live; what it asks the room is less often (`CaptionedTrack`). */
const lookLiveMs = 300;
/** So long a track's model may hold up the others. */
const stepPatienceMs = 2_000;
/** A tenant's choice of models holds for so long. */
const speechForMs = 10_000;
const [minBackoffMs, maxBackoffMs] = [1_000, 60_000];
/**
 * Where speaker resolve says nothing new for so long, a piece is said as if one spoke it: longer than a service takes that begins, on a busy
 * machine, with loading its model, and is asked again. One that is out is not waited for.
 */
const turnsPatienceMs = 60_000;
const switchedOff = "switched_off";
/** Whose the captions are, as the event log's bounds tell callers apart. */
const subject = "app:captions";

export interface CaptionsProgress {
  readonly tracks: readonly { readonly track: string; readonly ms: number }[];
  readonly setback: { readonly reason: string; readonly until: string } | undefined;
}

/** Captions are off, or nobody makes them: there is nothing to look for until there is news of it. */
const noCaptions = "no captions";
type Round = Result<Advance | typeof noCaptions, Setback>;
const underWay: Advance = { hasRead: false, isCaughtUp: false };

interface Meeting {
  readonly session: Pick<Followed, "tenant" | "session_id">;
  readonly log: Log;
}

export class Captioner extends DurableObject<Env> {
  readonly #store = new CaptionStore(this.ctx.storage.sql);
  readonly #tracks = new Map<string, CaptionedTrack<Setback>>();
  readonly #steps = new TrackSteps<Result<Advance, Setback>>(stepPatienceMs);
  readonly #precedence = new Precedence(() => this.#speech?.tenant.transcribers()[0]?.isOwn === true);
  readonly #cooldown = new Cooldown({
    firstMs: minBackoffMs,
    maxMs: maxBackoffMs,
    now: Date.now,
    random: Math.random,
  });
  readonly #lag = new CaptionLag({
    tell: async (since) => {
      const { followed } = this.#store;
      if (!followed) return;
      await this.env.OPERATIONS.getByName(installation).takeCaptions(followed.tenant, followed.session_id, since);
    },
    wasTold: () => this.#store.isLagTold,
    noteTold: (isTold) => this.#store.noteLag(isTold),
    keepAlive: (work) => this.ctx.waitUntil(work),
    log: () => logFor({ tenant: this.#store.followed?.tenant, session_id: this.#store.followed?.session_id }),
    now: Date.now,
  });
  #lastNewAt = 0;
  #timeoutMs = 0;
  #setback: CaptionsProgress["setback"];
  #live: LiveAudio | undefined;
  /** As the tenant's models were then, ms since 1970. */
  #speech: { readonly tenant: TenantSpeech; readonly at: number } | undefined;
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

  /**
   * How far it is. @param kept the tracks of which something is kept: one of which nothing came here yet is at its beginning, and not left out,
   * where it would pass for one that is said to its end.
   */
  async progress(session: Meeting["session"], kept: readonly string[]): Promise<CaptionsProgress> {
    const { cursors } = this.#store;
    const spoken = await this.#spokenIn(session);
    const unheard = kept.filter((track) => cursors.every((cursor) => cursor.track !== track));
    const all = [...cursors, ...unheard.map((track) => ({ track, ms: 0 }))];
    return { tracks: all.filter(({ track }) => !spoken.includes(track)), setback: this.#setback };
  }

  async #spokenIn({ tenant, session_id }: Meeting["session"]): Promise<readonly string[]> {
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
        // Who switched captions off knows that they are behind.
        this.#lag.round(reason !== switchedOff, waitMs);
        this.#setback = { reason, until: new Date(Date.now() + waitMs).toISOString() };
        await this.#lookAt(Date.now() + waitMs);
        return;
      }
      this.#cooldown.succeeded();
      this.#setback = undefined;
      if (done.value === noCaptions) {
        this.#lag.round(false, 0);
        return this.#stopListening();
      }
      const { hasRead, isCaughtUp } = done.value;
      this.#lag.round(!isCaughtUp, lookMs);
      if (hasRead) this.#lastNewAt = Date.now();
      // There is more to say at once, or what it waits for may come.
      const pauseMs = this.#live ? lookLiveMs : lookMs;
      if (!isCaughtUp) return await this.#lookAt(Date.now() + (hasRead ? 0 : pauseMs));
      if (isWithin(lookFurtherMs, this.#lastNewAt, Date.now()) && !followed.isOver)
        return await this.#lookAt(Date.now() + pauseMs);
      this.#stopListening();
    } catch (cause) {
      // What memory holds may not be what was kept.
      this.#tracks.clear();
      log.error("captions.failed", { error: describeError(cause) });
      const waitMs = this.#cooldown.failed();
      this.#lag.round(true, waitMs);
      await this.#lookAt(Date.now() + waitMs);
    }
  }

  async #run({ tenant, session_id, isOver }: Followed, log: Log): Promise<Round> {
    const config = parseSpeechConfig(this.env);
    if (!config.ok) return err({ reason: config.error.join("; "), retryAfterMs: maxBackoffMs });
    this.#timeoutMs = config.value.captionsTimeoutMs;
    const session = { tenant, session_id };
    if (await switchesOf(this.env.DB).isOff("captions")) {
      const given = await this.#giveUp(session, log);
      return given.ok ? err({ reason: switchedOff, retryAfterMs: switchedOffRetryMs }) : given;
    }
    const asked = this.#mode ?? (await this.env.GATEWAY.captionsOf(session));
    // Of a session that is no more nothing is left to say.
    if (!asked.ok) return ok(noCaptions);
    this.#mode = asked;
    const mode = asked.value ?? config.value.captions;
    if (mode !== "live" || isOver) this.#stopListening();
    if (mode === "off") return this.#giveUp(session, log);
    const meeting = { session, log };
    const speech = await this.#speechOf(tenant);
    if (!speech || speech.transcribers().length === 0) return this.#giveUp(session, log);
    const isLive = mode === "live" && !isOver;
    if (isLive) this.#listen(meeting);
    const spoken = await this.#spokenIn(session);
    const tracks = this.#store.tracks.filter((track) => !spoken.includes(track));
    const all = await this.#steps.round(tracks, (track) => this.#trackOf(track, meeting).step(isLive));
    const came = all.map((one) => (one?.ok ? one.value : underWay));
    return (
      all.find((one) => one?.ok === false) ??
      ok({
        hasRead: came.some(({ hasRead }) => hasRead),
        isCaughtUp: came.every(({ isCaughtUp }) => isCaughtUp),
      })
    );
  }

  /**
   * Nobody will say any more what one is saying: what stands of it is taken back (SPEC Q6). A step that is still under way may have said more of
   * it meanwhile: then it is looked at again.
   */
  async #giveUp(session: Meeting["session"], log: Log): Promise<Round> {
    this.#stopListening();
    // What they hear yet is posted no more.
    this.#tracks.clear();
    const taken = await takeBack(this.#store.partials, (heard) => this.#post(session, heard, log));
    if (!taken.ok) return taken;
    if (!this.#steps.isQuiet) return ok(underWay);
    this.#store.forgetPartials();
    return ok(noCaptions);
  }

  async #speechOf(tenant: string): Promise<TenantSpeech | undefined> {
    const known = this.#speech;
    if (known && isWithin(speechForMs, known.at, Date.now())) return known.tenant;
    const speech = await openSpeech(this.env, tenant, (work) => this.ctx.waitUntil(work));
    this.#speech = speech.ok ? { tenant: speech.value, at: Date.now() } : undefined;
    return this.#speech?.tenant;
  }

  #listen({ session, log }: Meeting): void {
    this.#live ??= new LiveAudio({
      open: (headers) => {
        const url = `https://gateway/v1/sessions/${session.session_id}/live?topics=live`;
        const asked = { ...headers, "x-roomtone-tenant": session.tenant };
        return this.env.GATEWAY.fetch(new Request(url, { headers: asked }));
      },
      log,
    });
    const opening = this.#live.listen();
    if (opening) this.ctx.waitUntil(opening);
  }

  #stopListening(): void {
    this.#live?.stop();
    this.#live = undefined;
  }

  #trackOf(track: string, meeting: Meeting): CaptionedTrack<Setback> {
    const known = this.#tracks.get(track);
    if (known) return known;
    const { session, log } = meeting;
    const made: CaptionedTrack<Setback> = new CaptionedTrack({
      track,
      chunks: async (fromSeq) => orSetback(await this.env.GATEWAY.chunks(session, track, fromSeq)),
      turns: async (fromMs, toMs) => orSetback(await this.env.GATEWAY.turnsBetween(session, track, fromMs, toMs)),
      precedence: this.#precedence,
      hear: async (speech, givesWay) => {
        const models = this.#speech?.tenant;
        return models
          ? hearForCaptions(models, session, speech, this.#timeoutMs, givesWay)
          : err({ reason: "no models", retryAfterMs: undefined });
      },
      post: async (heard) => {
        const isGivenUp = heard.standing === "partial" && this.#tracks.get(track) !== made;
        return isGivenUp ? ok("full") : this.#post(session, heard, log);
      },
      cursor: () => this.#store.cursor(track),
      save: (cursor, early) => this.#store.save(track, cursor, early),
      partialIn: (fromMs, toMs) => this.#store.partialIn(track, fromMs, toMs),
      notePartial: (startMs) => this.#store.notePartial(track, startMs),
      firstEarly: () => this.#store.firstEarly(track),
      settled: (early) => this.#store.settled(early),
      beyond: (ms) => this.#live?.after(track, ms) ?? new Uint8Array(),
      isOver: () => this.#store.followed?.isOver ?? true,
      turnsPatienceMs,
      now: Date.now,
    });
    this.#tracks.set(track, made);
    return made;
  }

  async #post(session: Meeting["session"], heard: HeardStretch, log: Log): Promise<Result<"taken" | "full", Setback>> {
    const kept = await this.env.GATEWAY.hear(session, heard, subject);
    if (kept.ok) return ok("taken");
    if (kept.error !== "log_full") return err({ reason: `the gateway: ${kept.error}`, retryAfterMs: undefined });
    // It will be refused again.
    const { track, from_ms: start_ms, standing } = heard;
    log.warn("captions.refused", { code: kept.error, track, start_ms, standing });
    return ok("full");
  }

  async #forget(): Promise<void> {
    this.#tracks.clear();
    this.#stopListening();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#store.forgotten();
  }

  async #lookAt(at: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }
}
