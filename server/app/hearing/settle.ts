/**
 * The last word on pieces that were said early: once it is known who speaks in one, it is cut where another goes on, and heard again, or
 * its utterance is confirmed. Guarantees that each is settled once, in order, however often this dies: it is forgotten after it was posted.
 * What is heard again is heard beside whatever else the track does.
 */
import { isWithin } from "../../shared/lib/cooldown.ts";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { bytesPerSample, chunkBytes, chunkMs, sampleRateHz } from "../../../schemas/wire/audio.ts";
import type { TrackDeps } from "./follow-track.ts";
import { hearParts } from "./heard-words.ts";
import { Pending } from "./pending.ts";
import { partsOf } from "./speaker-parts.ts";

export interface SettlerDeps<Fault> extends Pick<
  TrackDeps<Fault>,
  "chunks" | "turns" | "hear" | "post" | "isOver" | "turnsPatienceMs" | "now"
> {
  /** The first that is not settled. */
  readonly first: () => HeardStretch | undefined;
  readonly settled: (early: HeardStretch) => void;
}

const bytesPerMs = (sampleRateHz * bytesPerSample) / 1_000;

export class Settler<Fault> {
  readonly #deps: SettlerDeps<Fault>;
  /** How far speaker resolve was, and since when, ms since 1970. */
  #seen: { readonly resolvedMs: number; readonly since: number } | undefined;
  /** The first one, heard again. */
  #again: { readonly fromMs: number; readonly heard: Pending<Result<HeardStretch, Fault>> } | undefined;

  constructor(deps: SettlerDeps<Fault>) {
    this.#deps = deps;
  }

  /** Settles what can be. @returns whether something waits for speaker resolve, or is being heard. */
  async settle(): Promise<Result<"waits" | "hears" | "done", Fault>> {
    const { first, settled, post } = this.#deps;
    for (let early = first(); early; early = first()) {
      const heard = await this.#lastWord(early);
      if (!heard.ok) return heard;
      if (heard.value === "waits" || heard.value === "hears") return ok(heard.value);
      const posted = await post(heard.value);
      if (!posted.ok) return posted;
      settled(early);
    }
    return ok("done");
  }

  async #lastWord(early: HeardStretch): Promise<Result<HeardStretch | "waits" | "hears", Fault>> {
    if (this.#again?.fromMs === early.from_ms) {
      if (!this.#again.heard.isOver) return ok("hears");
      const { heard } = this.#again;
      this.#again = undefined;
      return heard.outcome?.value ?? ok("hears");
    }
    const found = await this.#deps.turns(early.from_ms, early.to_ms);
    if (!found.ok) return found;
    if (this.#mayWait(early, found.value)) return ok("waits");
    const speakers = new Set(found.value.turns.map(({ cluster_id }) => cluster_id));
    if (speakers.size <= 1) return ok(early);
    this.#again = { fromMs: early.from_ms, heard: new Pending(this.#hearAgain(early, found.value.turns)) };
    return ok("hears");
  }

  #mayWait({ to_ms }: HeardStretch, of: { readonly resolved_ms: number; readonly is_resolving: boolean }): boolean {
    const { isOver, turnsPatienceMs, now } = this.#deps;
    if (of.resolved_ms >= to_ms || !of.is_resolving || isOver()) return false;
    if (this.#seen?.resolvedMs !== of.resolved_ms) this.#seen = { resolvedMs: of.resolved_ms, since: now() };
    return isWithin(turnsPatienceMs, this.#seen.since, now());
  }

  async #hearAgain(early: HeardStretch, turns: Parameters<typeof partsOf>[1]): Promise<Result<HeardStretch, Fault>> {
    const { chunks, hear } = this.#deps;
    const { from_ms: startMs, to_ms: endMs } = early;
    const firstSeq = Math.floor(startMs / chunkMs) + 1;
    const lastSeq = Math.ceil(endMs / chunkMs);
    const read = await chunks(firstSeq);
    if (!read.ok) return read;
    const pcm = new Uint8Array((lastSeq - firstSeq + 1) * chunkBytes);
    const seconds = read.value.filter(({ seq }) => seq <= lastSeq);
    // It was kept when it was said; where it is not any more, what was said stands.
    if (seconds.length * chunkBytes !== pcm.byteLength) return ok(early);
    for (const second of seconds) pcm.set(second.pcm, (second.seq - firstSeq) * chunkBytes);
    const offsetMs = (firstSeq - 1) * chunkMs;
    const speech = pcm.slice((startMs - offsetMs) * bytesPerMs, (endMs - offsetMs) * bytesPerMs);
    const parts = partsOf({ startMs, endMs, speech }, turns);
    if (parts.length === 1) return ok(early);
    const [said] = early.segments;
    const whole = { model: early.model, text: said?.text ?? "" };
    const heard = await hearParts(hear, parts, said?.start_ms ?? null, whole);
    return heard.ok ? ok({ ...early, ...heard.value }) : heard;
  }
}
