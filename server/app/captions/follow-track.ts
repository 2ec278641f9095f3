/**
 * Captions of one track: reads what is kept, cuts it at pauses, has each piece transcribed, has the room keep what was said, and only
 * then moves the cursor. Guarantees (SPEC Q) that each second of speech is said once, however often it dies: what follows the cursor is
 * cut the same again, and what is heard in a stretch takes the place of what was heard there (U21). Knows no platform and no model.
 */
import type { Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { type Cut, Cutter } from "./cutter.ts";

/** Where captions of a track are. All before `ms` is done. */
export interface Cursor {
  readonly ms: number;
  readonly floor: number;
  /** Since when the second at the cursor's end was waited for, ms since 1970; null while none is. */
  readonly gapSince: number | null;
}

/** What failed, and how long to leave it alone. */
export interface Setback {
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
}

export interface Words {
  /** Empty where there are none. */
  readonly text: string;
  /** Who heard them, as `provider/model`. */
  readonly model: string;
}

export interface TrackDeps {
  readonly track: string;
  /** Kept seconds from one on, in order, not all of them; without those that are missing. */
  readonly chunks: (fromSeq: number) => Promise<Result<readonly { seq: number; pcm: Uint8Array }[], Setback>>;
  /** What is said in it. */
  readonly transcribe: (speech: Uint8Array<ArrayBuffer>) => Promise<Result<Words, Setback>>;
  readonly post: (heard: HeardStretch) => Promise<Result<void, Setback>>;
  readonly cursor: () => Cursor;
  /** Part of no other commit: what was posted is posted. */
  readonly save: (cursor: Cursor) => void;
  /** Whether nothing is kept any more that is not kept yet. */
  readonly isOver: () => boolean;
  readonly now: () => number;
}

/** How long a missing second is waited for, in case it comes late. */
export const gapPatienceMs = 15_000;

export class FollowedTrack {
  readonly #deps: TrackDeps;
  #cutter: Cutter;

  constructor(deps: TrackDeps) {
    this.#deps = deps;
    this.#cutter = this.#fromCursor();
  }

  /** Says all that can be said of what is kept. @returns whether there was anything new; what failed, from where it goes on. */
  async advance(): Promise<Result<boolean, Setback>> {
    const done = await this.#advance();
    // What was read and not said is read again.
    if (!done.ok) this.#cutter = this.#fromCursor();
    return done;
  }

  async #advance(): Promise<Result<boolean, Setback>> {
    const { chunks, isOver } = this.#deps;
    let hasRead = false;
    for (;;) {
      const wanted = this.#cutter.endMs / chunkMs + 1;
      const wasOver = isOver();
      const read = await chunks(Math.floor(wanted));
      if (!read.ok) return read;
      const [first] = read.value;
      if (!first) {
        if (wasOver) {
          const ended = await this.#say(true);
          if (!ended.ok) return ended;
        }
        return { ok: true, value: hasRead };
      }
      const taken = await this.#take(read.value, wasOver);
      if (!taken.ok) return taken;
      if (!taken.value) return { ok: true, value: true };
      hasRead = true;
    }
  }

  /** @returns false where a missing second has to be waited for. */
  async #take(read: readonly { seq: number; pcm: Uint8Array }[], isOver: boolean): Promise<Result<boolean, Setback>> {
    for (const { seq, pcm } of read) {
      const startMs = (seq - 1) * chunkMs;
      const { endMs } = this.#cutter;
      if (startMs > endMs) {
        const { cursor, save, now } = this.#deps;
        const before = cursor();
        const since = before.gapSince ?? now();
        if (!isOver && now() - since < gapPatienceMs) {
          if (before.gapSince === null) save({ ...before, gapSince: since });
          return { ok: true, value: false };
        }
        // Nobody speaks across what is missing.
        const said = await this.#say(true);
        if (!said.ok) return said;
        const { floor } = cursor();
        save({ ms: startMs, floor, gapSince: null });
        this.#cutter = new Cutter(startMs, floor);
      }
      // A cursor lies within a second where speech does.
      const skipMs = Math.max(0, this.#cutter.endMs - startMs);
      this.#cutter.push(pcm.subarray((pcm.byteLength / chunkMs) * skipMs));
      const said = await this.#say(false);
      if (!said.ok) return said;
    }
    return { ok: true, value: true };
  }

  async #say(isEnd: boolean): Promise<Result<void, Setback>> {
    for (let cut = this.#cutter.next(isEnd); cut; cut = this.#cutter.next(isEnd)) {
      if (cut.speech.byteLength > 0) {
        const posted = await this.#post(cut);
        if (!posted.ok) return posted;
      }
      this.#deps.save({ ms: cut.endMs, floor: cut.floor, gapSince: null });
    }
    return { ok: true, value: undefined };
  }

  async #post({ startMs, endMs, speech }: Cut): Promise<Result<void, Setback>> {
    const { track, transcribe, post } = this.#deps;
    const heard = await transcribe(speech);
    if (!heard.ok) return heard;
    const { text, model } = heard.value;
    if (text === "") return { ok: true, value: undefined };
    const segments = [{ start_ms: startMs, end_ms: endMs, text }];
    return post({ track, from_ms: startMs, to_ms: endMs, model, segments });
  }

  #fromCursor(): Cutter {
    const { ms, floor } = this.#deps.cursor();
    return new Cutter(ms, floor);
  }
}
