/**
 * Captions of one track: what is kept is said, pieces that were said early are settled, and while it is said what is spoken now stands
 * as a partial (SPEC Q6–Q9). Knows the room, the models and the store by its ports alone.
 */
import { isWithin, remainingMs } from "../../shared/lib/cooldown.ts";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { type Advance, FollowedTrack, type TrackDeps } from "../hearing/follow-track.ts";
import { type Hear, HeardOnce, isHeard } from "../hearing/heard-words.ts";
import { LiveEar } from "../hearing/live-ear.ts";
import type { Precedence } from "../hearing/precedence.ts";
import { Settler, type SettlerDeps } from "../hearing/settle.ts";

export interface CaptionedTrackDeps<Fault>
  extends
    Omit<TrackDeps<Fault>, "post" | "isEarly" | "partialIn">,
    Pick<SettlerDeps<Fault>, "settled">,
    Required<Pick<TrackDeps<Fault>, "partialIn">> {
  /** @returns whether the room has place for it; else it is left out. */
  readonly post: (heard: HeardStretch) => Promise<Result<"taken" | "full", Fault>>;
  /** Of all tracks of the meeting. */
  readonly precedence: Precedence;
  readonly firstEarly: SettlerDeps<Fault>["first"];
  readonly notePartial: (partialMs: number) => void;
  /** Live audio of the track from a place on; empty where there is none. */
  readonly beyond: (ms: number) => Uint8Array;
}

/** A second that was read is followed by another one in about a second; where none came for so long, none is soon to come. */
const [soonestMs, patientMs, restMs] = [500, 3_000, 1_000];
/** What is heard a second time gives way so often. */
const givesWay = 3;
/** As much audio as is held ahead of what is kept: 15 s of it. */
const rememberedBytes = 480_000;

export class CaptionedTrack<Fault> {
  readonly #deps: CaptionedTrackDeps<Fault>;
  readonly #followed: FollowedTrack<Fault>;
  readonly #settler: Settler<Fault>;
  readonly #ear: LiveEar<Fault>;
  #isLive = false;
  #readAt = 0;
  #askAt = 0;
  #isCaughtUp = false;
  #settleAt = 0;

  constructor(deps: CaptionedTrackDeps<Fault>) {
    this.#deps = deps;
    const { precedence } = deps;
    const begun = new HeardOnce(deps.hear);
    // A piece that was heard in live audio is the same once it is kept, whatever began meanwhile.
    const said = new HeardOnce<Fault>(async (speech) => {
      const known = begun.known(speech);
      if (known) return ok(known);
      // Before all else gives way, and this with it.
      const underWay = this.#ear.underWay(speech);
      return precedence.first(async () => (await underWay) ?? deps.hear(speech));
    }, rememberedBytes);
    const hear: Hear<Fault> = (speech) => said.hear(speech);
    const hearAgain: Hear<Fault> = (speech) =>
      precedence.patient((signal) => deps.hear(speech, signal), givesWay, isHeard);
    const post = async (heard: HeardStretch): Promise<Result<void, Fault>> => {
      const posted = await deps.post(heard);
      return posted.ok ? ok(undefined) : posted;
    };
    this.#followed = new FollowedTrack({ ...deps, hear, post, isEarly: () => this.#early });
    this.#settler = new Settler({ ...deps, hear: hearAgain, post, first: deps.firstEarly });
    this.#ear = new LiveEar({ ...deps, hear, hearBegun: begun.hear, note: deps.notePartial });
  }

  get #early(): "no" | "unresolved" | "whole" {
    if (!this.#isLive) return "no";
    return this.#deps.precedence.isOneProcessor ? "whole" : "unresolved";
  }

  /** Says what can be said. @param isLive whether also of what has no end yet. */
  async step(isLive: boolean): Promise<Result<Advance, Fault>> {
    this.#isLive = isLive;
    const came = await this.#advance();
    if (!came.ok) return came;
    const { hasRead, isCaughtUp } = came.value;
    // Who is behind has better to do.
    if (isLive && (isCaughtUp || !hasRead)) {
      const heard = await this.#ear.listen(this.#followed.ahead(this.#deps.beyond));
      if (!heard.ok) return heard;
    }
    const settled = await this.#settle();
    if (!settled.ok) return settled;
    return ok({ hasRead, isCaughtUp: isCaughtUp && settled.value === "done" });
  }

  async #advance(): Promise<Result<Advance, Fault>> {
    const now = this.#deps.now();
    if (this.#isLive && remainingMs(this.#askAt, now, restMs) > 0)
      return ok({ hasRead: false, isCaughtUp: this.#isCaughtUp });
    const came = await this.#followed.advance();
    if (!came.ok) return came;
    const { hasRead, isCaughtUp } = came.value;
    this.#isCaughtUp = isCaughtUp;
    if (hasRead) this.#readAt = now;
    const isSoon = isWithin(patientMs, this.#readAt, now);
    if (isCaughtUp) this.#askAt = now + (hasRead ? soonestMs : isSoon ? 0 : restMs);
    // A gap that is waited for.
    else this.#askAt = hasRead ? 0 : now + restMs;
    return came;
  }

  async #settle(): Promise<Result<"waits" | "hears" | "done", Fault>> {
    const now = this.#deps.now();
    if (remainingMs(this.#settleAt, now, restMs) > 0) return ok("waits");
    const settled = await this.#settler.settle();
    if (settled.ok && settled.value === "waits") this.#settleAt = now + restMs;
    return settled;
  }
}
