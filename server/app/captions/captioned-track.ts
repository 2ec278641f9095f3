/**
 * Captions of one track: what is kept is said, pieces that were said early are settled, and while it is said what is spoken now stands
 * as a partial (SPEC Q6–Q9). Knows the room, the models and the store by its ports alone.
 */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { type Advance, FollowedTrack, type TrackDeps } from "../hearing/follow-track.ts";
import { hearOnce } from "../hearing/heard-words.ts";
import { LiveEar } from "../hearing/live-ear.ts";
import { Settler, type SettlerDeps } from "../hearing/settle.ts";

export interface CaptionedTrackDeps<Fault>
  extends
    Omit<TrackDeps<Fault>, "post" | "isEarly" | "partialIn">,
    Pick<SettlerDeps<Fault>, "settled">,
    Required<Pick<TrackDeps<Fault>, "partialIn">> {
  /** @returns whether the room has place for it; else it is left out. */
  readonly post: (heard: HeardStretch) => Promise<Result<"taken" | "full", Fault>>;
  readonly firstEarly: SettlerDeps<Fault>["first"];
  readonly notePartial: (partialMs: number) => void;
  /** Live audio of the track from a place on; empty where there is none. */
  readonly beyond: (ms: number) => Uint8Array;
}

/** A second that was read is followed by another one in about a second; where none came for so long, none is soon to come. */
const [soonestMs, patientMs, restMs] = [500, 3_000, 1_000];

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
    // A piece that was heard in live audio is the same once it is kept.
    const hear = hearOnce(deps.hear);
    const post = async (heard: HeardStretch): Promise<Result<void, Fault>> => {
      const posted = await deps.post(heard);
      return posted.ok ? ok(undefined) : posted;
    };
    this.#followed = new FollowedTrack({ ...deps, hear, post, isEarly: () => this.#isLive });
    this.#settler = new Settler({ ...deps, hear: deps.hear, post, first: deps.firstEarly });
    this.#ear = new LiveEar({ ...deps, hear, note: deps.notePartial });
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
    if (this.#isLive && now < this.#askAt) return ok({ hasRead: false, isCaughtUp: this.#isCaughtUp });
    const came = await this.#followed.advance();
    if (!came.ok) return came;
    const { hasRead, isCaughtUp } = came.value;
    this.#isCaughtUp = isCaughtUp;
    if (hasRead) this.#readAt = now;
    const isSoon = now - this.#readAt < patientMs;
    if (isCaughtUp) this.#askAt = now + (hasRead ? soonestMs : isSoon ? 0 : restMs);
    // A gap that is waited for.
    else this.#askAt = hasRead ? 0 : now + restMs;
    return came;
  }

  async #settle(): Promise<Result<"waits" | "done", Fault>> {
    const now = this.#deps.now();
    if (now < this.#settleAt) return ok("waits");
    const settled = await this.#settler.settle();
    if (settled.ok && settled.value === "waits") this.#settleAt = now + restMs;
    return settled;
  }
}
