/**
 * What is said on a track now, ahead of what is kept and cut: speech that goes on, as a partial, and a piece whose pause is heard in
 * live audio, at once. Speech is heard beside whatever else the track does, and again as soon as a pause may have begun: where it is one, the
 * words of the piece are there already. Guarantees nothing of its own: all of it is heard again from the kept seconds, cut the same
 * (SPEC Q2), and what is said then takes its place. So it may fail, be late or be left out.
 */
import { isWithin } from "../../shared/lib/cooldown.ts";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import type { Begun, Cutter } from "./cutter.ts";
import { type Hear, hearParts, isHeard, isSameSpeech, type Words } from "./heard-words.ts";
import { Pending } from "./pending.ts";
import type { Precedence, Yielding } from "./precedence.ts";

/** Between two partials of a track: so much, and so many times what the last one took. */
const [leastPauseMs, timesTaken] = [1_000, 2];
/** However long a hearing seems to have taken: a clock that was set meanwhile is no reason for a meeting without partials. */
const maxRestMs = 30_000;
/** Less speech than that is not worth a model's while. */
const leastNewMs = 300;
/** Where a pause may have begun, the speech before it is heard so soon after the last hearing began, and sooner than a partial would be. */
const pausingAfterMs = 500;

export interface LiveEarDeps<Fault> {
  readonly track: string;
  /** Of what is said for good. */
  readonly hear: Hear<Fault>;
  /** Of what gives way. Remembers what it heard last for `hear`. */
  readonly hearBegun: Hear<Fault>;
  readonly precedence: Precedence;
  /** @returns whether it was taken; else no partials are to come any more. */
  readonly post: (heard: HeardStretch) => Promise<Result<"taken" | "full", Fault>>;
  /** Where in a stretch a partial begins. */
  readonly partialIn: (fromMs: number, toMs: number) => number | null;
  /** One is about to begin there. */
  readonly note: (partialMs: number) => void;
  readonly now: () => number;
}

type MaybeWords<Fault> = Result<Words, Fault> | undefined;

interface Hearing<Fault> {
  readonly begun: Begun;
  readonly work: Yielding<Result<Words, Fault>>;
  readonly pending: Pending<MaybeWords<Fault>>;
}

export class LiveEar<Fault> {
  readonly #deps: LiveEarDeps<Fault>;
  /** Up to where whole pieces were said from here. */
  #saidMs = 0;
  /** Up to where the last partial heard. */
  #heardMs = 0;
  /** When the last hearing began, ms since 1970; and how long after it the next one is due. */
  #begunAt = 0;
  #restMs = 0;
  #pausingRestMs = 0;
  #isFull = false;
  /** Under way, or over and not shown. */
  #hearing: Hearing<Fault> | undefined;

  constructor(deps: LiveEarDeps<Fault>) {
    this.#deps = deps;
  }

  /** @param ahead all that is not said, of which cuts are taken. */
  async listen(ahead: Cutter): Promise<Result<void, Fault>> {
    for (let cut = ahead.next(false); cut; cut = ahead.next(false)) {
      if (cut.speech.byteLength === 0 || cut.endMs <= this.#saidMs) continue;
      const part = { startMs: cut.startMs, endMs: cut.endMs, speech: cut.speech };
      const said = await this.#say(part, this.#deps.hear, "early");
      if (!said.ok) return said;
      this.#saidMs = cut.endMs;
    }
    const { begun } = ahead;
    const shown = await this.#show(begun);
    if (begun && !this.#hearing && this.#isDue(begun)) this.#begin(begun);
    return shown;
  }

  /** What is heard of the same audio now, if it is; it gives way to nothing any more. What failed is told once: then it is heard anew. */
  async underWay(speech: Uint8Array): Promise<MaybeWords<Fault>> {
    const hearing = this.#hearing;
    if (!hearing || !isSameSpeech(hearing.begun.speech, speech)) return undefined;
    hearing.work.promote();
    const heard = await hearing.work.over;
    if (heard?.ok === false && this.#hearing === hearing) this.#hearing = undefined;
    return heard;
  }

  #isDue({ endMs, isPausing }: Begun): boolean {
    if (this.#isFull || endMs <= this.#heardMs) return false;
    const restMs = isPausing ? this.#pausingRestMs : this.#restMs;
    if (isWithin(restMs, this.#begunAt, this.#deps.now())) return false;
    return isPausing || endMs - this.#heardMs >= leastNewMs;
  }

  #begin(begun: Begun): void {
    const { precedence, hearBegun, now } = this.#deps;
    const since = now();
    this.#heardMs = begun.endMs;
    this.#begunAt = since;
    // Nothing begins beside it: how long it takes sets these.
    this.#restMs = leastPauseMs;
    this.#pausingRestMs = pausingAfterMs;
    const work = precedence.yielding((signal) => hearBegun(begun.speech, signal), isHeard);
    const timed = async (): Promise<MaybeWords<Fault>> => {
      try {
        return await work.over;
      } finally {
        const took = now() - since;
        this.#restMs = Math.min(maxRestMs, Math.max(leastPauseMs, timesTaken * took));
        this.#pausingRestMs = Math.min(maxRestMs, Math.max(pausingAfterMs, took));
      }
    };
    this.#hearing = { begun, work, pending: new Pending(timed()) };
  }

  /** Shows what was heard of what one is saying, if one says it still. */
  async #show(now: Begun | undefined): Promise<Result<void, Fault>> {
    const hearing = this.#hearing;
    if (!hearing?.pending.isOver) return ok(undefined);
    this.#hearing = undefined;
    const words = hearing.pending.outcome?.value;
    if (!words || this.#isFull || now?.startMs !== hearing.begun.startMs) return ok(undefined);
    const part = { ...hearing.begun, endMs: Math.floor(hearing.begun.endMs) };
    return this.#say(part, async () => words, "partial");
  }

  async #say(
    part: { readonly startMs: number; readonly endMs: number; readonly speech: Uint8Array<ArrayBuffer> },
    hear: Hear<Fault>,
    standing: "partial" | "early",
  ): Promise<Result<void, Fault>> {
    const { track, post, partialIn, note } = this.#deps;
    const begunMs = partialIn(part.startMs, part.endMs);
    const heard = await hearParts(hear, [part], begunMs);
    if (!heard.ok) return heard;
    const [said] = heard.value.segments;
    if (!said) return ok(undefined);
    // Before it stands: whoever dies between takes back what is not there, and nothing happens.
    if (standing === "partial" && begunMs === null) note(said.start_ms);
    const posted = await post({ track, from_ms: part.startMs, to_ms: part.endMs, ...heard.value, standing });
    if (!posted.ok) return posted;
    if (posted.value === "full") this.#isFull = true;
    return ok(undefined);
  }
}
