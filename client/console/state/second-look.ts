/** A second look at who speaks in a meeting that is over: whether there can be one, how far it is, and what it came to. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type ReviewChange, reviewChangeOf, type ReviewStatus, standingReviewsOf } from "../../index.ts";
import { gateway, gatewayAtOnce, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import type { Corrections } from "./corrections.ts";
import type { Meeting } from "./meeting.ts";
import { notify } from "./notices.ts";
import { repeatWhileSeen } from "./repeat.ts";

const everyMs = 2_000;

/** What the latest looks said: of each track one. */
export interface Looked {
  readonly eventIds: readonly number[];
  readonly change: ReviewChange;
}

/** What of a meeting it goes by. */
type Looking = Pick<Meeting, "sessionId" | "state" | "events" | "look" | "catchUp">;

export class SecondLook {
  /** Whether a service is set up for it; undefined until that is known, and where the gateway does not say. */
  readonly hasService = signal<boolean | undefined>(undefined);
  readonly isAsking = signal(false);
  readonly #reviews: ReadonlySignal<readonly ReviewStatus[]>;
  /** Tracks that the service has not answered for. */
  readonly waiting: ReadonlySignal<readonly ReviewStatus[]>;
  readonly failed: ReadonlySignal<readonly ReviewStatus[]>;
  /** Undefined where nobody looked again, or that was taken back. */
  readonly looked: ReadonlySignal<Looked | undefined>;
  readonly #meeting: Looking;
  readonly #corrections: Pick<Corrections, "undo">;
  /** Tracks whose outcome is still to be read. */
  readonly #watched = new Set<string>();

  constructor(meeting: Looking, corrections: Pick<Corrections, "undo">) {
    this.#meeting = meeting;
    this.#corrections = corrections;
    this.#reviews = computed(() => meeting.state.value?.reviews ?? []);
    this.waiting = computed(() => this.#reviews.value.filter(({ status }) => status === "waiting"));
    this.failed = computed(() => this.#reviews.value.filter(({ status }) => status === "failed"));
    this.looked = computed(() => {
      const eventIds = standingReviewsOf(meeting.events.value).map(({ event_id }) => event_id);
      if (eventIds.length === 0) return undefined;
      return { eventIds, change: reviewChangeOf(meeting.events.value, eventIds) };
    });
  }

  /** @returns what ends it. */
  open(): () => void {
    void this.#lookForService();
    return repeatWhileSeen(everyMs, () => this.#watch());
  }

  async ask(): Promise<void> {
    this.isAsking.value = true;
    try {
      const tracks = await withAccess(() => gateway.reviewSpeakers(this.#meeting.sessionId));
      for (const track of tracks) this.#watched.add(track);
      await this.#meeting.look();
    } catch (cause) {
      notify("problem", `Nobody looks again. ${plainWords(cause)}`);
    } finally {
      this.isAsking.value = false;
    }
  }

  takeBack(eventIds: readonly number[]): Promise<boolean> {
    return this.#corrections.undo(eventIds);
  }

  async #lookForService(): Promise<void> {
    try {
      const { review } = await gatewayAtOnce.health();
      if (review !== undefined) this.hasService.value = review === "service";
    } catch {
      // Whoever asks for a look is told.
    }
  }

  async #watch(): Promise<void> {
    for (const { track } of this.waiting.value) this.#watched.add(track);
    if (this.#watched.size === 0) return;
    await this.#meeting.look();
    if (this.waiting.value.length > 0) return;
    try {
      await this.#meeting.catchUp();
    } catch {
      // The next time, then.
      return;
    }
    this.#watched.clear();
  }
}
