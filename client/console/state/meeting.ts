/**
 * One meeting as it is watched: its event log as it grows, where its tracks stand, and what follows from both. Late joiners
 * read the log from its beginning; a lost connection goes on behind the last event, for as long as the view is open.
 *
 * Knows nothing of what is drawn.
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import {
  type ResultGap,
  type RoomEvent,
  RoomtoneHttpError,
  type Session,
  type SessionResult,
  type SessionState,
  offsetsOf,
  placeTurns,
  timelineOf,
  type TrackStatus,
  type TranscriptEntry,
  transcriptOf,
  type Turn,
} from "../../index.ts";
import { gateway, gatewayAtOnce, withAccess } from "../api/gateway.ts";
import { mayPass, plainWords } from "../api/plain-words.ts";
import { repeatWhileSeen } from "./repeat.ts";
import { speakersOf, type Speaker } from "./speakers.ts";

const stateEveryMs = 2_000;
/** Title and settings change seldom. */
const looksPerSession = 5;
const firstPauseMs = 500;
const longestPauseMs = 10_000;
/** Events that came at once are drawn at once. */
const batchMs = 80;
const eventsPerPage = 500;
/** Others may correct a meeting that is over. */
const catchUpEveryMs = 10_000;

export type Link = "connecting" | "live" | "reconnecting" | "over";

export class Meeting {
  readonly sessionId: string;
  readonly events = signal<readonly RoomEvent[]>([]);
  readonly link = signal<Link>("connecting");
  /** Why there is nothing to see, for good. */
  readonly problem = signal<string | undefined>(undefined);
  /** Title, settings, people. */
  readonly session = signal<Session | undefined>(undefined);
  readonly state = signal<SessionState | undefined>(undefined);
  /** Once the meeting is finalized. */
  readonly result = signal<SessionResult | undefined>(undefined);

  /** Where each track begins on the meeting's axis, ms; all times below are on that axis. */
  readonly offsets = signal<ReadonlyMap<string, number>>(new Map());
  readonly #timeline = computed(() => timelineOf(this.events.value));
  readonly turns: ReadonlySignal<readonly Turn[]> = computed(() =>
    placeTurns(this.#timeline.value, this.offsets.value),
  );
  readonly speakers: ReadonlySignal<readonly Speaker[]> = computed(() =>
    speakersOf(this.events.value, this.turns.value),
  );
  /** What was said, by time; of each utterance the last revision. */
  readonly captions: ReadonlySignal<readonly TranscriptEntry[]> = computed(() =>
    transcriptOf(this.events.value, this.#timeline.value, this.offsets.value).filter(({ text }) => text !== ""),
  );
  /** Captions whose speaker is still in the middle of it, as `track/utterance_id`. */
  readonly partials: ReadonlySignal<ReadonlySet<string>> = computed(() => {
    const partials = new Set<string>();
    for (const { utterance } of this.events.value) {
      if (!utterance) continue;
      const key = `${utterance.track}/${utterance.utterance_id}`;
      if (utterance.final === false) partials.add(key);
      else partials.delete(key);
    }
    return partials;
  });
  readonly tracks: ReadonlySignal<readonly TrackStatus[]> = computed(() =>
    Object.values(this.state.value?.ingest_by_track ?? {}).toSorted((a, b) => a.track.localeCompare(b.track)),
  );
  readonly title = computed(() => this.session.value?.title ?? this.sessionId);
  readonly status = computed(() => this.state.value?.status);
  readonly isLive = computed(() => this.status.value === "open" || this.status.value === "finalizing");
  readonly durationMs = computed(() =>
    Math.max(0, ...this.tracks.value.map(({ track, last_seq }) => this.#at(track, last_seq))),
  );
  /** What is missing, with its cause; what was never sent may come still while the meeting goes on. */
  readonly gaps: ReadonlySignal<readonly Gap[]> = computed(() => {
    const mayCome = this.status.value === "open";
    return (this.result.value?.gaps ?? this.state.value?.gaps ?? []).map(({ track, from_seq, to_seq, cause }): Gap => ({
      track,
      cause: mayCome && cause === "never_sent" ? "not_here_yet" : cause,
      fromMs: this.#at(track, from_seq - 1),
      toMs: this.#at(track, to_seq),
    }));
  });

  #ending = new AbortController();
  #looks = 0;
  #stopState: (() => void) | undefined;
  #stopCatchUp: (() => void) | undefined;
  #pausing: AbortController | undefined;
  #waiting: RoomEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sessionId: string) {
    this.sessionId = sessionId;
  }

  /** Begins to watch, and begins again after an end. @returns what ends it. */
  watch(): () => void {
    this.#ending = new AbortController();
    this.#stopState = repeatWhileSeen(stateEveryMs, (ending) => this.#refresh(ending));
    void this.#follow();
    return () => {
      this.#ending.abort(new DOMException("The view was left.", "AbortError"));
      this.#stopState?.();
      this.#stopCatchUp?.();
      clearTimeout(this.#timer);
    };
  }

  /** Asks now where the meeting stands, as after a change of this page's own. */
  async look(): Promise<void> {
    await this.#refresh(this.#ending.signal);
  }

  /** Where a second of a track ends. */
  #at(track: string, seq: number): number {
    return (this.offsets.value.get(track) ?? 0) + seq * 1_000;
  }

  /** Asked every two seconds, and seldom another answer: what hangs on it is worked out anew only then. */
  #place(): void {
    const [offsets, known] = [offsetsOf(this.tracks.value), this.offsets.peek()];
    const isSame = offsets.size === known.size && [...offsets].every(([track, ms]) => known.get(track) === ms);
    if (!isSame) this.offsets.value = offsets;
  }

  /** Reads what was appended to the log since, where no connection brings it: of a meeting that is over. */
  async catchUp(): Promise<void> {
    if (!this.#isLogOver) return;
    for (let hasMore = true; hasMore;) {
      const options = { after: this.#lastEventId(), limit: eventsPerPage, signal: this.#ending.signal };
      const page = await withAccess(() => gatewayAtOnce.events(this.sessionId, options));
      // Another call may have read them in the meantime.
      const news = page.events.filter(({ event_id }) => event_id > this.#lastEventId());
      if (news.length > 0) this.events.value = [...this.events.value, ...news];
      hasMore = page.events.length === eventsPerPage;
    }
  }

  async #refresh(ending: AbortSignal): Promise<void> {
    try {
      const options = { signal: ending };
      this.state.value = await withAccess(() => gatewayAtOnce.state(this.sessionId, options));
      this.#place();
      this.problem.value = undefined;
      this.#reached();
      if (this.#looks % looksPerSession === 0 || this.status.value !== "open")
        this.session.value = await withAccess(() => gatewayAtOnce.session(this.sessionId, options));
      this.#looks += 1;
      if (this.status.value !== "finalized") return;
      this.result.value ??= await withAccess(() => gateway.result(this.sessionId, options));
      this.#stopState?.();
    } catch (cause) {
      if (!ending.aborted) this.#fail(cause);
    }
  }

  /** The gateway is there: the log need not wait out its pause, whether or not there is news in it. */
  #reached(): void {
    if (this.link.value !== "reconnecting") return;
    this.link.value = "live";
    this.#pausing?.abort();
  }

  /** The event log, over as many connections as it takes. */
  async #follow(): Promise<void> {
    const { signal: ending } = this.#ending;
    const isLeft = (): boolean => ending.aborted;
    for (let failures = 0; !isLeft(); failures += 1) {
      const after = this.#lastEventId();
      try {
        await withAccess(() => this.#read());
        if (this.#isOver()) return this.#goOnSlowly();
      } catch (cause) {
        if (isLeft()) return;
        if (!mayPass(cause)) return this.#fail(cause);
      }
      if (this.#lastEventId() > after) failures = 0;
      this.#flush("reconnecting");
      this.#pausing = new AbortController();
      await pause(
        Math.min(longestPauseMs, firstPauseMs * 2 ** failures),
        AbortSignal.any([ending, this.#pausing.signal]),
      );
    }
  }

  /** The log of a meeting that is over grows by corrections alone. */
  #goOnSlowly(): void {
    this.#flush("over");
    if (this.#ending.signal.aborted) return;
    this.#stopCatchUp = repeatWhileSeen(catchUpEveryMs, async () => {
      try {
        await this.catchUp();
      } catch (cause) {
        if (!this.#ending.signal.aborted && !mayPass(cause)) this.#stopCatchUp?.();
      }
    });
  }

  async #read(): Promise<void> {
    const options = { after: this.#lastEventId(), signal: this.#ending.signal };
    for await (const event of gatewayAtOnce.liveEvents(this.sessionId, options)) this.#take(event);
    this.#isLogOver = true;
  }

  #isLogOver = false;

  #isOver(): boolean {
    return this.#isLogOver;
  }

  #lastEventId(): number {
    return (this.#waiting.at(-1) ?? this.events.value.at(-1))?.event_id ?? 0;
  }

  #take(event: RoomEvent): void {
    this.#waiting.push(event);
    this.#timer ??= setTimeout(() => this.#flush("live"), batchMs);
  }

  #flush(link: Link): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.events.value = [...this.events.value, ...this.#waiting.splice(0)];
    this.link.value = link;
  }

  #fail(cause: unknown): void {
    if (mayPass(cause)) {
      this.link.value = "reconnecting";
      return;
    }
    const isGone = cause instanceof RoomtoneHttpError && (cause.status === 404 || cause.status === 410);
    if (isGone || this.state.value === undefined) this.problem.value = plainWords(cause);
    this.#stopState?.();
  }
}

/** Of a gap while the meeting goes on: it may be filled still. */
export type GapCause = ResultGap["cause"] | "not_here_yet";

export interface Gap {
  readonly track: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly cause: GapCause;
}

function pause(ms: number, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      globalThis.removeEventListener("online", done);
      ending.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    globalThis.addEventListener("online", done);
    ending.addEventListener("abort", done);
  });
}
