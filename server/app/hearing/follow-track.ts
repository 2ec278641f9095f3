/**
 * A track into words: reads what is kept, cuts it at pauses and where another speaker goes on, has each piece heard, has the room keep
 * what was said, and only then moves the cursor. Guarantees (SPEC Q2) that each second of speech is said once, however often it dies: what
 * follows the cursor is cut the same again, and what is heard in a stretch takes the place of what was heard there (U21). Captions and
 * transcriptions are both made by it. Knows no platform and no model.
 */
import { isWithin } from "../../shared/lib/cooldown.ts";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { SpokenTurns } from "../../../schemas/speech/spoken-turns.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { type Cut, Cutter } from "./cutter.ts";
import { GapPatience, gapPatienceMs } from "./gap-patience.ts";
import { type Hear, hearParts, noModel } from "./heard-words.ts";
import { type Part, partsOf } from "./speaker-parts.ts";

/** How far a track is. All before `ms` is done. */
export interface Cursor {
  readonly ms: number;
  readonly floor: number;
  /** Since when the second at the cursor's end was waited for, ms since 1970; null while none is. */
  readonly gapSince: number | null;
}

export interface KeptSecond {
  readonly seq: number;
  readonly pcm: Uint8Array;
}

/** Places of the timeline that one read looks at. */
export const secondsPerRead = 32;

export interface TrackDeps<Fault> {
  readonly track: string;
  /** Kept seconds of the next `secondsPerRead` places from one on, in order; without those that are missing. */
  readonly chunks: (fromSeq: number) => Promise<Result<readonly KeptSecond[], Fault>>;
  /** Who speaks in a stretch. */
  readonly turns: (fromMs: number, toMs: number) => Promise<Result<SpokenTurns, Fault>>;
  readonly hear: Hear<Fault>;
  readonly post: (heard: HeardStretch) => Promise<Result<void, Fault>>;
  readonly cursor: () => Cursor;
  /**
   * Part of no other commit: what was posted is posted.
   * @param early a piece that was said before it was known who speaks in it, to be settled later (`Settler`).
   */
  readonly save: (cursor: Cursor, early?: HeardStretch) => void;
  /**
   * Whether pieces are said before it is known who speaks in them: no hearing of their parts is waited for either where that takes the
   * `whole` first.
   */
  readonly isEarly?: () => "no" | "unresolved" | "whole";
  /** Where in a stretch ahead of the cursor a partial begins that has no final yet. */
  readonly partialIn?: (fromMs: number, toMs: number) => number | null;
  /** Whether nothing is kept any more that is not kept yet. */
  readonly isOver: () => boolean;
  /** How long speaker resolve may take to say nothing new before a piece goes on without it. */
  readonly turnsPatienceMs: number;
  readonly now: () => number;
}

/** How far an advance came. */
export interface Advance {
  readonly hasRead: boolean;
  /** Whether all is said that can be said of what is kept now. */
  readonly isCaughtUp: boolean;
}

/** An advance ends once it came so far, so that nobody waits for a whole meeting. */
const advanceMs = 60_000;

/** No piece is longer. */
const maxPieceMs = 15_000;

/** A piece that waits for speaker resolve to come so far. */
interface Held {
  readonly cut: Cut;
  /** Since when nothing was resolved, ms since 1970. */
  readonly since: number;
  readonly resolvedMs: number;
}

type Said = "said" | "waits";

interface SaidPiece {
  /** Where it was said before it was known who speaks. */
  readonly early?: HeardStretch;
}

export class FollowedTrack<Fault> {
  readonly #deps: TrackDeps<Fault>;
  readonly #patience = new GapPatience();
  #cutter: Cutter;
  #held: Held | undefined;
  /** Since when there was nothing to read, ms since 1970. */
  #emptySince: number | undefined;

  constructor(deps: TrackDeps<Fault>) {
    this.#deps = deps;
    this.#cutter = this.#fromCursor();
  }

  /** What follows all that is said: the audio that is kept, and what is there beyond it. */
  ahead(beyond: (ms: number) => Uint8Array): Cutter {
    return this.#cutter.fork(beyond(this.#cutter.endMs));
  }

  /** Says what can be said of what is kept, a minute at most. @returns what failed, where it did; then it goes on from the cursor. */
  async advance(): Promise<Result<Advance, Fault>> {
    const done = await this.#advance();
    if (!done.ok) {
      // What was read and not said is read again.
      this.#cutter = this.#fromCursor();
      this.#held = undefined;
    }
    return done;
  }

  async #advance(): Promise<Result<Advance, Fault>> {
    const { chunks, cursor, isOver } = this.#deps;
    const untilMs = cursor().ms + advanceMs;
    let hasRead = false;
    const stopped = (isCaughtUp: boolean): Result<Advance, Fault> => ok({ hasRead, isCaughtUp });
    const before = await this.#say(false);
    if (!before.ok) return before;
    if (before.value === "waits") return stopped(false);
    while (cursor().ms < untilMs) {
      const wanted = Math.floor(this.#cutter.endMs / chunkMs + 1);
      const wasOver = isOver();
      const read = await chunks(wanted);
      if (!read.ok) return read;
      if (read.value.length === 0) {
        const passed = await this.#passEmpty(wanted, wasOver);
        if (!passed.ok) return passed;
        if (passed.value !== "passed") return stopped(passed.value === "end");
        hasRead = true;
        continue;
      }
      this.#emptySince = undefined;
      const beforeMs = this.#cutter.endMs;
      const taken = await this.#take(read.value, wasOver);
      if (!taken.ok) return taken;
      // What lies behind a gap that is waited for was only looked at: whoever asks again at once for what was read would ask without end.
      hasRead ||= this.#cutter.endMs > beforeMs;
      if (taken.value === "waits") return stopped(false);
    }
    return stopped(false);
  }

  /** Nothing is kept at the next places: the middle of a long gap, or the end, for now or for good. */
  async #passEmpty(wanted: number, isOver: boolean): Promise<Result<"end" | "waits" | "passed", Fault>> {
    const { turns, now } = this.#deps;
    const isFirst = this.#emptySince === undefined;
    this.#emptySince ??= now();
    const { endMs, isInSpeech } = this.#cutter;
    const isPatient =
      !isOver && isWithin(gapPatienceMs, this.#emptySince, now()) && !this.#patience.isOver(endMs, now());
    if (isPatient && !isFirst && !isInSpeech) return ok("end");
    const there = await turns(endMs, endMs + 1);
    if (!there.ok) return there;
    const { last_seq: lastSeq, is_ended: isEnded } = there.value;
    this.#patience.note(lastSeq, now());
    if (isPatient && !(isInSpeech && isEnded)) return ok("end");
    if (!isPatient) this.#emptySince = undefined;
    if (lastSeq >= wanted) return this.#passTo((wanted + secondsPerRead - 1) * chunkMs);
    const ended = await this.#say(true);
    if (!ended.ok || ended.value === "waits") return ended.ok ? ok("waits") : ended;
    const { ms } = this.#deps.cursor();
    const taken = await this.#takeBackPartial(ms, Number.POSITIVE_INFINITY);
    return taken.ok ? ok("end") : taken;
  }

  async #take(read: readonly KeptSecond[], isOver: boolean): Promise<Result<Said, Fault>> {
    for (const { seq, pcm } of read) {
      const startMs = (seq - 1) * chunkMs;
      if (startMs > this.#cutter.endMs) {
        const passed = await this.#overGap(startMs, isOver);
        if (!passed.ok) return passed;
        if (passed.value === "waits") return ok("waits");
      }
      // A cursor lies within a second where speech does.
      const skipMs = Math.max(0, this.#cutter.endMs - startMs);
      this.#cutter.push(pcm.subarray((pcm.byteLength / chunkMs) * skipMs));
      const said = await this.#say(false);
      if (!said.ok || said.value === "waits") return said;
    }
    return ok("said");
  }

  /** @returns that it waits where a missing second may still come. */
  async #overGap(toMs: number, isOver: boolean): Promise<Result<"waits" | "passed", Fault>> {
    const { cursor, save, now, turns } = this.#deps;
    const { endMs } = this.#cutter;
    const before = cursor();
    const since = before.gapSince ?? now();
    const isLongEnough = !isWithin(gapPatienceMs, since, now()) || this.#patience.isOver(endMs, now());
    if (isOver || isLongEnough) return this.#passTo(toMs);
    if (before.gapSince === null) save({ ...before, gapSince: since });
    const there = await turns(endMs, endMs + 1);
    if (!there.ok) return there;
    this.#patience.note(there.value.last_seq, now());
    return ok("waits");
  }

  /** Goes on behind what is missing: nobody speaks across it. */
  async #passTo(ms: number): Promise<Result<"waits" | "passed", Fault>> {
    const said = await this.#say(true);
    if (!said.ok) return said;
    if (said.value === "waits") return ok("waits");
    const { cursor, save } = this.#deps;
    const { ms: fromMs, floor } = cursor();
    const taken = await this.#takeBackPartial(fromMs, ms);
    if (!taken.ok) return taken;
    save({ ms, floor, gapSince: null });
    this.#cutter = new Cutter(ms, floor);
    return ok("passed");
  }

  async #say(isEnd: boolean): Promise<Result<Said, Fault>> {
    for (let cut = this.#next(isEnd); cut; cut = this.#next(isEnd)) {
      const said = await (cut.speech.byteLength > 0 ? this.#sayPiece(cut) : this.#sayNothing(cut));
      if (!said.ok || said.value === "waits") return said.ok ? ok("waits") : said;
      this.#held = undefined;
      this.#deps.save({ ms: cut.endMs, floor: cut.floor, gapSince: null }, said.value.early);
    }
    return ok("said");
  }

  #next(isEnd: boolean): Cut | undefined {
    return this.#held?.cut ?? this.#cutter.next(isEnd);
  }

  async #turnsIn(cut: Cut): Promise<Result<SpokenTurns | "waits" | "early", Fault>> {
    const { turns, isOver, isEarly, now, turnsPatienceMs } = this.#deps;
    const found = await turns(cut.startMs, cut.endMs);
    if (!found.ok) return found;
    const { resolved_ms: resolvedMs, is_resolving: isResolving } = found.value;
    const early = isEarly?.() ?? "no";
    const isSettled = resolvedMs >= cut.endMs || !isResolving || isOver();
    if (isSettled && early === "whole" && partsOf(cut, found.value.turns).length > 1) return ok("early");
    if (isSettled) return found;
    if (early !== "no") return ok("early");
    const since = this.#held && this.#held.resolvedMs === resolvedMs ? this.#held.since : now();
    if (!isWithin(turnsPatienceMs, since, now())) return found;
    this.#held = { cut, since, resolvedMs };
    return ok("waits");
  }

  async #sayPiece(cut: Cut): Promise<Result<SaidPiece | "waits", Fault>> {
    const { track, hear, post, partialIn } = this.#deps;
    const turns = await this.#turnsIn(cut);
    if (!turns.ok) return turns;
    if (turns.value === "waits") return ok("waits");
    const isEarly = turns.value === "early";
    const parts: readonly Part[] = turns.value === "early" ? [cut] : partsOf(cut, turns.value.turns);
    const heard = await hearParts(hear, parts, partialIn?.(cut.startMs, cut.endMs) ?? null);
    if (!heard.ok) return heard;
    // Where nobody's words are, what was heard there by a captioner that died must go as well.
    const stretch: HeardStretch = { track, from_ms: cut.startMs, to_ms: cut.endMs, ...heard.value };
    const posted = await post(isEarly ? { ...stretch, standing: "early" } : stretch);
    if (!posted.ok) return posted;
    return ok(isEarly ? { early: stretch } : {});
  }

  async #sayNothing({ startMs, endMs }: Cut): Promise<Result<SaidPiece, Fault>> {
    const taken = await this.#takeBackPartial(startMs, endMs);
    return taken.ok ? ok({}) : taken;
  }

  /** What was heard ahead of what is kept, and is not there now that it is kept, or never will be. */
  async #takeBackPartial(fromMs: number, toMs: number): Promise<Result<void, Fault>> {
    const { track, post, partialIn } = this.#deps;
    const at = partialIn?.(fromMs, toMs) ?? null;
    if (at === null) return ok(undefined);
    return post({ track, from_ms: at, to_ms: Math.min(toMs, at + maxPieceMs), model: noModel, segments: [] });
  }

  #fromCursor(): Cutter {
    const { ms, floor } = this.#deps.cursor();
    return new Cutter(ms, floor);
  }
}
