/** A meeting's track as a live captioner has it: kept seconds, live audio ahead of them, a room that keeps utterances, and a clock. */
import type { SpokenTurn } from "../../../../schemas/speech/spoken-turns.ts";
import type { HeardStretch, Utterance } from "../../../../schemas/speech/utterances.ts";
import { err, ok } from "../../../../schemas/lib/result.ts";
import { CaptionedTrack } from "../../../../server/app/captions/captioned-track.ts";
import { firstFloor } from "../../../../server/app/hearing/cutter.ts";
import { type Cursor, secondsPerRead } from "../../../../server/app/hearing/follow-track.ts";
import { Precedence } from "../../../../server/app/hearing/precedence.ts";
import { LiveTail } from "../../../../server/app/hearing/live-tail.ts";
import { migrate } from "../../../../server/gateway/core/migrations.ts";
import { EventLog } from "../../../../server/gateway/events/event-log.ts";
import { SpeakerBook } from "../../../../server/gateway/speakers/speaker-book.ts";
import { UtteranceStore } from "../../../../server/gateway/speakers/utterance-store.ts";
import { Utterances } from "../../../../server/gateway/speakers/utterances.ts";
import type { Tracks } from "../../../../server/gateway/tracks/tracks.ts";
import { databaseOf } from "../../../../server/shared/lib/sql.ts";
import { nodeSqlite } from "../../../support/node-database.ts";
import { bytesOf, rate } from "./spoken-audio.ts";

const pieceMs = 100;

/** What of the clock passes between two looks. */
export const lookMs = 300;

export interface PostedAt {
  readonly at: number;
  readonly heard: HeardStretch;
}

export class LiveWorld {
  now = 1_000_000;
  readonly posted: PostedAt[] = [];
  /** How many pieces a model heard. */
  heard = 0;
  /** What a model says of a piece by its bytes; and how long it takes. */
  words = (speech: Uint8Array): { start: number; text: string } => ({ start: 120, text: `${speech.length} bytes` });
  tookMs = 0;
  /** How far the captioner's clock is off. */
  clockOffMs = 0;
  /** Called before a model answers, which waits for it. @param wanted aborts where nobody waits for the words. */
  beforeHeard = async (_wanted: AbortSignal | undefined): Promise<void> => {};
  hasLive = true;
  /** How long after its end a second is kept. */
  keptAfterMs = 0;
  keptAtMost = Number.POSITIVE_INFINITY;
  isOver = false;
  faults = 0;
  isModelDown = false;
  turns: SpokenTurn[] = [];
  resolvedMs = 0;
  isResolving = false;
  cursor: Cursor = { ms: 0, floor: firstFloor, gapSince: null };
  readonly events: EventLog;
  readonly #utterances: Utterances;
  readonly #store: UtteranceStore;
  readonly #samples: Int16Array;
  readonly #random: () => number;
  readonly #begun = this.now;
  #partials: number[] = [];
  #early: HeardStretch[] = [];
  #tail = new LiveTail();
  #precedence = new Precedence(() => true);
  #liveMs = 0;
  #captioner: CaptionedTrack<string>;

  constructor(samples: Int16Array, random: () => number = () => 1, maxLogEvents = 100_000) {
    this.#samples = samples;
    this.#random = random;
    const { adapter } = nodeSqlite(() => this.now);
    const db = databaseOf(adapter);
    migrate(db);
    this.events = new EventLog(db, () => {}, { maxLogEvents, maxLogBytes: 100_000_000 });
    const tracks = { row: () => ({}), watermarks: { resolvedSeq: () => 0 } } as unknown as Tracks;
    this.#store = new UtteranceStore(db);
    const speakers = new SpeakerBook(db, this.events);
    this.#utterances = new Utterances({
      db,
      tracks,
      events: this.events,
      speakers,
      store: this.#store,
      onCommit: () => {},
    });
    this.#captioner = this.#open();
  }

  get lengthMs(): number {
    return (this.#samples.length / rate) * 1_000;
  }

  get elapsedMs(): number {
    return Math.min(this.lengthMs, this.now - this.#begun);
  }

  /** What stands in the room. */
  get standing(): Utterance[] {
    return this.#store.within("mic", 0, this.lengthMs + 60_000);
  }

  /** When a place of the track was spoken, by the clock. */
  saidAt(ms: number): number {
    return this.#begun + ms;
  }

  /** The captioner dies, and another one begins. */
  kill(): void {
    this.#tail = new LiveTail();
    this.#precedence = new Precedence(() => true);
    this.#captioner = this.#open();
  }

  /** The clock goes on by a look. @returns whether all is said. */
  async look(isLive = true): Promise<boolean> {
    this.now += lookMs;
    for (; this.#liveMs + pieceMs <= this.elapsedMs; this.#liveMs += pieceMs) {
      const from = (this.#liveMs * rate) / 1_000;
      const piece = this.#samples.subarray(from, from + (pieceMs * rate) / 1_000);
      const isLost = this.#random() < this.faults / 4;
      if (this.hasLive && !isLost) this.#tail.push(this.#liveMs, bytesIn(piece));
    }
    try {
      const done = await this.#captioner.step(isLive);
      return done.ok && done.value.isCaughtUp && this.cursor.ms === Math.min(this.keptAtMost * 1_000, this.lengthMs);
    } catch (cause) {
      if (!(cause instanceof Error) || cause.message !== "killed") throw cause;
      this.kill();
      return false;
    }
  }

  /** Until nothing more is to be said. */
  async run(isLive = true): Promise<void> {
    for (let looks = 0; looks < 4_000; looks += 1) {
      const isAll = await this.look(isLive);
      if (isAll && this.isOver) return;
      this.isOver = this.elapsedMs === this.lengthMs && this.now > this.saidAt(this.lengthMs) + 20_000;
      if (this.#random() < this.faults / 10) this.kill();
    }
    throw new Error("it did not get to the end");
  }

  #open(): CaptionedTrack<string> {
    const fails = (): boolean => this.#random() < this.faults;
    const dies = (): void => {
      if (this.#random() < this.faults / 2) throw new Error("killed");
    };
    const isKept = (seq: number): boolean =>
      seq <= this.keptAtMost &&
      seq * 1_000 + this.keptAfterMs <= this.now - this.#begun &&
      seq * 1_000 <= this.lengthMs;
    return new CaptionedTrack<string>({
      track: "mic",
      chunks: async (from) => {
        if (fails()) return err("a fault");
        const seqs = Array.from({ length: secondsPerRead }, (_, n) => from + n).filter(isKept);
        return ok(seqs.map((seq) => ({ seq, pcm: bytesOf(this.#samples, seq) })));
      },
      turns: async (fromMs, toMs) => {
        if (fails()) return err("a fault");
        const kept = Array.from({ length: this.lengthMs / 1_000 }, (_, n) => n + 1).filter(isKept);
        const turns = this.turns.filter(
          ({ start_ms, end_ms }) => end_ms > fromMs && start_ms < toMs && end_ms <= this.resolvedMs,
        );
        const { resolvedMs: resolved_ms, isResolving: is_resolving } = this;
        return ok({ last_seq: kept.at(-1) ?? 0, is_ended: false, resolved_ms, is_resolving, turns });
      },
      precedence: this.#precedence,
      hear: async (speech, wanted) => {
        this.heard += 1;
        await this.beforeHeard(wanted);
        this.now += this.tookMs;
        dies();
        if (this.isModelDown || fails()) return err("a fault");
        const { start, text } = this.words(speech);
        const segments = [{ start_ms: start, end_ms: speech.length / 32, text }];
        return ok({ segments, model: "embedded/moonshine-tiny" });
      },
      post: async (heard) => {
        if (fails()) return err("a fault");
        const { utterances } = this.#utterances.hear(heard);
        this.posted.push({ at: this.now, heard });
        dies();
        return ok(utterances.some(({ status }) => status === "refused") ? "full" : "taken");
      },
      cursor: () => this.cursor,
      save: (cursor, early) => {
        this.cursor = cursor;
        this.#partials = this.#partials.filter((ms) => ms >= cursor.ms);
        if (early) this.#early.push(early);
        dies();
      },
      partialIn: (from, to) => this.#partials.find((ms) => ms >= from && ms < to) ?? null,
      notePartial: (ms) => this.#partials.push(ms),
      firstEarly: () => this.#early[0],
      settled: (early) => {
        this.#early = this.#early.filter((one) => one !== early);
      },
      beyond: (ms) => this.#tail.after(ms),
      isOver: () => this.isOver,
      turnsPatienceMs: 10_000,
      now: () => this.now + this.clockOffMs,
    });
  }
}

const bytesIn = (samples: Int16Array): Uint8Array =>
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
