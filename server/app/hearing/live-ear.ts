/**
 * What is said on a track now, ahead of what is kept and cut: speech that goes on, as a partial, and a piece whose pause is heard in
 * live audio, at once. Guarantees nothing of its own: all of it is heard again from the kept seconds, cut the same (SPEC Q2), and what is
 * said then takes its place. So it may fail, be late or be left out.
 */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import type { Cutter } from "./cutter.ts";
import { type Hear, hearParts } from "./heard-words.ts";

/** Between two partials of a track: so much, and so many times what the last one took. */
const [leastPauseMs, timesTaken] = [1_000, 2];
/** Less speech than that is not worth a model's while. */
const leastNewMs = 300;

export interface LiveEarDeps<Fault> {
  readonly track: string;
  readonly hear: Hear<Fault>;
  /** @returns whether it was taken; else no partials are to come any more. */
  readonly post: (heard: HeardStretch) => Promise<Result<"taken" | "full", Fault>>;
  /** Where in a stretch a partial begins. */
  readonly partialIn: (fromMs: number, toMs: number) => number | null;
  /** One is about to begin there. */
  readonly note: (partialMs: number) => void;
  readonly now: () => number;
}

export class LiveEar<Fault> {
  readonly #deps: LiveEarDeps<Fault>;
  /** Up to where whole pieces were said from here. */
  #saidMs = 0;
  /** Up to where the last partial heard. */
  #heardMs = 0;
  #notBefore = 0;
  #isFull = false;

  constructor(deps: LiveEarDeps<Fault>) {
    this.#deps = deps;
  }

  /** @param ahead all that is not said, of which cuts are taken. */
  async listen(ahead: Cutter): Promise<Result<void, Fault>> {
    for (let cut = ahead.next(false); cut; cut = ahead.next(false)) {
      if (cut.speech.byteLength === 0 || cut.endMs <= this.#saidMs) continue;
      const said = await this.#say(cut.startMs, cut.endMs, cut.speech, "early");
      if (!said.ok) return said;
      this.#saidMs = cut.endMs;
    }
    const { begun } = ahead;
    const { now } = this.#deps;
    if (!begun || this.#isFull || now() < this.#notBefore || ahead.endMs - this.#heardMs < leastNewMs)
      return ok(undefined);
    const since = now();
    this.#heardMs = ahead.endMs;
    const said = await this.#say(begun.startMs, Math.floor(ahead.endMs), begun.speech, "partial");
    this.#notBefore = since + Math.max(leastPauseMs, timesTaken * (now() - since));
    return said;
  }

  async #say(
    from_ms: number,
    to_ms: number,
    speech: Uint8Array<ArrayBuffer>,
    standing: "partial" | "early",
  ): Promise<Result<void, Fault>> {
    const { track, hear, post, partialIn, note } = this.#deps;
    const begunMs = partialIn(from_ms, to_ms);
    const heard = await hearParts(hear, [{ startMs: from_ms, endMs: to_ms, speech }], begunMs);
    if (!heard.ok) return heard;
    const [said] = heard.value.segments;
    if (!said) return ok(undefined);
    // Before it stands: whoever dies between takes back what is not there, and nothing happens.
    if (standing === "partial" && begunMs === null) note(said.start_ms);
    const posted = await post({ track, from_ms, to_ms, ...heard.value, standing });
    if (!posted.ok) return posted;
    if (posted.value === "full") this.#isFull = true;
    return ok(undefined);
  }
}
