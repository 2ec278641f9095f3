/**
 * A model that takes part in one meeting (SPEC Y): one object a session. While a conversation goes on it holds the connections to the
 * room and to the model; an alarm makes sure that another object goes on with it where this one dies. The room waits for nothing of it.
 */
import { isWithin } from "../../shared/lib/cooldown.ts";
import { switchesOf } from "../../shared/switches/of-installation.ts";
import { DurableObject } from "cloudflare:workers";
import type { Participant as Shown } from "../../../schemas/http/participant.ts";
import type { Exhausted } from "../../../schemas/billing/budgets.ts";
import { type ParticipantBody, participantBodySchema } from "../../../schemas/http/participant-body.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { canonicalJson } from "../../shared/json/canonical-json.ts";
import { describeError, logFor } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import { areTracksEnded, type NotStarted, type SessionRef, setTalk, wordOf } from "./begin-talk.ts";
import { machineClock } from "./clock.ts";
import { Conversation } from "./conversation.ts";
import type { OpenTalk } from "./models/open-talk.ts";
import { countingOf, liveModelsOf, talkOf } from "./models/of-installation.ts";
import { setupOf, shownOf, transcriptKey } from "./kept-as.ts";
import { type Kept, ParticipantStore } from "./participant-store.ts";
import { postWords } from "./post-words.ts";
import { RoomSide } from "./room/room-side.ts";
import { TalkMeter } from "./talk-meter.ts";
import { transcriptBody } from "./transcripts/transcript.ts";
import { postTranscript, TranscriptOutbox } from "./transcripts/transcript-outbox.ts";
import { reviveTurns } from "./turns/turn-machine.ts";
import { beginTurns, phaseOf, type TurnStep } from "./turns/turn-state.ts";
import type { EndReason, SpokenUtterance, TurnState } from "./turns/turn-types.ts";

/** An object that died is missed after this long. */
const watchMs = 15_000;
/** What changes with every bit of sound is kept this often. */
const saveEveryMs = 1_000;
const connectNow = { type: "connect", afterMs: 0 } as const;

export class Participant extends DurableObject<Env> {
  readonly #store = new ParticipantStore(this.ctx.storage.sql);
  #running: { readonly conversation: Conversation; readonly room: RoomSide } | undefined;
  /** Of the conversation that goes on, or is about to. */
  #minutes: TalkMeter | undefined;
  #savedAt = 0;
  /** How often its meeting was deleted while this object lives. */
  #forgotten = 0;
  readonly #transcripts = new TranscriptOutbox(this.ctx.storage.sql);
  #posting: Promise<void> = Promise.resolve();

  /** Begins a conversation. The one that goes on already is the answer, where it was asked for the same. */
  async start(
    tenant: string,
    sessionId: string,
    body: ParticipantBody,
    subject?: string,
  ): Promise<Result<Shown, NotStarted>> {
    const before = this.#store.kept;
    if (before && before.ended_at === null) {
      return canonicalJson(before.body) === canonicalJson(body) ? ok(this.#shown(before)) : err("participant_running");
    }
    const begun = await this.#begin(tenant, sessionId, body, before, subject);
    if (!begun.ok) return begun;
    // While it was asked, another request may have begun one.
    if (begun.value === undefined) return this.start(tenant, sessionId, body, subject);
    const { kept, open } = begun.value;
    await this.#run(kept, open, { state: kept.turns, effects: [connectNow] });
    return ok(this.#shown(this.#store.kept ?? kept));
  }

  /** Somebody is to talk with a model here: `join` begins one, of usual settings. */
  expect(): void {
    this.#store.expect();
  }

  /**
   * Somebody captures. Begins a conversation where one is wanted and there was none yet: in another turn of this object, so that
   * nobody waits for it.
   */
  async join(tenant: string, sessionId: string, wanted: ParticipantBody | undefined): Promise<void> {
    const body = wanted ?? (this.#store.isExpected ? participantBodySchema.parse({}) : undefined);
    if (this.#store.kept || !body || (await this.#isSwitchedOff())) return;
    const begun = await this.#begin(tenant, sessionId, body, undefined);
    if (begun.ok) await this.ctx.storage.setAlarm(Date.now());
    else logFor({ tenant, session_id: sessionId }).warn("participant.not_begun", { reason: wordOf(begun.error) });
  }

  /** Writes down that one is to go on. Undefined where another was begun meanwhile, or the meeting was deleted. */
  async #begin(
    tenant: string,
    sessionId: string,
    body: ParticipantBody,
    before: Kept | undefined,
    subject?: string,
  ): Promise<Result<{ readonly kept: Kept; readonly open: OpenTalk } | undefined, NotStarted>> {
    const session = { tenant, session_id: sessionId };
    const forgotten = this.#forgotten;
    const set = await setTalk(this.env, session, body, (model) => this.#talkOf(model, session));
    if (!set.ok) return set;
    const { open, ...found } = set.value;
    const minutes = await this.#count({ ...session, model: found.model, subject: subject ?? null });
    if (!minutes.ok) return minutes;
    if (this.#store.kept !== before || this.#forgotten !== forgotten) {
      minutes.value.end("refused");
      return ok(undefined);
    }
    this.#minutes = minutes.value;
    const now = Date.now();
    const turns = beginTurns(now, body.max_minutes * 60_000).state;
    const asked = { ...session, ...found, body, subject: subject ?? null };
    const kept: Kept = { ...asked, started_at: now, ended_at: null, handle: null, turns };
    this.#store.begin(kept);
    await this.ctx.storage.setAlarm(now + watchMs);
    return ok(this.#forgotten === forgotten ? { kept, open } : undefined);
  }

  /** Undefined where there was none. */
  read(): Shown | undefined {
    return this.#store.kept && this.#shown(this.#store.kept);
  }

  /** Ends it at once. */
  async stop(): Promise<Shown | undefined> {
    const { kept } = this.#store;
    if (kept && kept.ended_at === null) {
      if (this.#running) this.#running.conversation.end("deleted");
      else this.#finish("deleted");
    }
    return this.read();
  }

  /** Tracks that it speaks on, or spoke on: their words are known. */
  tracks(): string[] {
    return this.#store.tracks;
  }

  /** The meeting is deleted. */
  async forget(): Promise<void> {
    this.#forgotten += 1;
    if (!this.#store.kept && !this.#store.isExpected) return;
    this.#running?.conversation.stop();
    this.#minutes?.end();
    this.#minutes = undefined;
    await this.#running?.room.leave();
    this.#running = undefined;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#store.forget();
  }

  override async alarm(): Promise<void> {
    const { kept } = this.#store;
    if (!kept) return;
    await this.#watch();
    this.#post();
    await this.#sendTranscripts(kept);
    await this.#posting;
    await this.#watch();
    if (kept.ended_at === null && (await this.#isSwitchedOff()))
      return this.#running ? this.#running.conversation.end("asked") : this.#finish("asked");
    if (kept.ended_at !== null || this.#running) return;
    const open = await this.#talkOf(kept.model, kept);
    if (!open.ok) return this.#finish("model_failed");
    await this.#run(kept, open.value, reviveTurns(kept.turns, Date.now()));
  }

  #isSwitchedOff(): Promise<boolean> {
    return switchesOf(this.env.DB).isOff("participant");
  }

  #shown(kept: Kept): Shown {
    return shownOf(kept, this.#store.count, this.#transcripts.stateOf(transcriptKey(kept)));
  }

  /** Wakes another object where this one dies, or work is left. */
  async #watch(): Promise<void> {
    const { kept } = this.#store;
    const isBusy = kept?.ended_at === null || this.#store.unposted(1).length > 0;
    // Where nobody is to have transcripts any more, those that wait wake nobody.
    const sendAt = (liveModelsOf(this.env).transcripts && this.#transcripts.dueAt) ?? Infinity;
    const dueAt = Math.min(isBusy ? Date.now() + watchMs : Infinity, sendAt);
    if (dueAt !== Infinity) await this.ctx.storage.setAlarm(dueAt);
  }

  async #sendTranscripts({ tenant, session_id }: Kept): Promise<void> {
    const { transcripts } = liveModelsOf(this.env);
    if (!transcripts) return;
    const failures = await this.#transcripts.send(transcripts, postTranscript, Date.now(), Math.random());
    for (const failure of failures)
      logFor({ tenant, session_id }).warn("participant.transcript_waits", { error: describeError(failure) });
  }

  #talkOf(model: string, session: Pick<Kept, "tenant" | "session_id">): Promise<Result<OpenTalk, "not_set_up">> {
    return talkOf(this.env, model, session, (work) => this.ctx.waitUntil(work));
  }

  #count(talk: Parameters<typeof countingOf>[1]): Promise<Result<TalkMeter, Exhausted>> {
    return TalkMeter.begin(
      countingOf(this.env, talk, (work) => this.ctx.waitUntil(work)),
      () => {
        if (this.#running) this.#running.conversation.end("budget_exhausted");
        else this.#finish("budget_exhausted");
      },
    );
  }

  async #run(kept: Kept, openTalk: OpenTalk, begun: TurnStep): Promise<void> {
    if (!this.#minutes) {
      const counted = await this.#count(kept);
      if (!counted.ok) return this.#finish("budget_exhausted");
      this.#minutes = counted.value;
    }
    const minutes = this.#minutes;
    const session = { tenant: kept.tenant, session_id: kept.session_id };
    const log = logFor(session);
    let conversation: Conversation | undefined;
    const room = new RoomSide({
      gateway: this.env.GATEWAY,
      session,
      track: kept.track,
      beganAt: kept.started_at,
      log,
      onPiece: (piece) => conversation?.hear(piece),
      onPlayed: (atMs, samples) => conversation?.played(atMs, samples),
      onOver: () => conversation?.end("session_over"),
    });
    conversation = new Conversation(
      {
        floor: room,
        openTalk: (emit) =>
          openTalk(setupOf(kept), (event) => {
            minutes.note(event);
            emit(event);
          }),
        listen: kept.body.listen,
        onRecord: (utterance) => this.#record(utterance),
        onState: (state) => this.#save(state),
        onHandle: (handle) => this.#store.change({ handle }),
        onEnd: (reason) => this.#finish(reason),
        onAlone: (tracks) => this.ctx.waitUntil(this.#look(session, tracks)),
        clock: machineClock,
        random: Math.random,
      },
      begun,
    );
    this.#running = { conversation, room };
    try {
      await room.join();
    } catch (cause) {
      log.warn("participant.not_let_in", { error: describeError(cause) });
      conversation.end("session_over");
    }
  }

  /** Whoever ended all the tracks that were heard has left for good. */
  async #look(session: SessionRef, tracks: readonly string[]): Promise<void> {
    if (await areTracksEnded(this.env, session, tracks)) this.#running?.conversation.end("asked");
  }

  #record(utterance: SpokenUtterance): void {
    const { kept } = this.#store;
    if (!kept) return;
    this.#store.record(utterance, utterance.speaker === "USER" && !kept.posts_people);
    this.#post();
  }

  #save(turns: TurnState): void {
    const now = Date.now();
    const { kept } = this.#store;
    const isUrgent = kept === undefined || phaseOf(kept.turns) !== phaseOf(turns) || kept.turns.nextId !== turns.nextId;
    if (!isUrgent && isWithin(saveEveryMs, this.#savedAt, now)) return;
    this.#savedAt = now;
    this.#store.change({ turns });
  }

  #finish(reason: EndReason): void {
    const { kept } = this.#store;
    if (!kept || kept.ended_at !== null) return;
    const { room } = this.#running ?? {};
    this.#running = undefined;
    this.#minutes?.end();
    this.#minutes = undefined;
    const turns: TurnState = { ...kept.turns, turns: [], closing: undefined, ended: reason };
    const now = Date.now();
    const { transcripts } = liveModelsOf(this.env);
    this.ctx.storage.transactionSync(() => {
      this.#store.change({ ended_at: now, turns });
      if (!transcripts) return;
      const body = transcriptBody(kept.session_id, this.#store.said, transcripts.format);
      this.#transcripts.add(transcriptKey(kept), body, now);
    });
    this.ctx.waitUntil(this.ctx.storage.setAlarm(now));
    if (room) this.ctx.waitUntil(room.leave());
    this.#post();
  }

  /** Has the room keep what was said. What it does not take now it is told again by the alarm. */
  #post(): void {
    this.#posting = this.#posting.then(() => postWords(this.env.GATEWAY, this.#store));
    this.ctx.waitUntil(this.#posting);
  }
}
