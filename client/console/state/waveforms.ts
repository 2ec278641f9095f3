/** The waveforms of a meeting's tracks, asked for anew while they grow. */
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { PeaksAnswer } from "../../index.ts";
import { gatewayAtOnce } from "../api/gateway.ts";
import { mayPass } from "../api/plain-words.ts";
import type { Meeting } from "./meeting.ts";
import { repeatWhileSeen } from "./repeat.ts";

const everyMs = 10_000;
const points = 3_000;

export class Waveforms {
  readonly #byTrack = signal<ReadonlyMap<string, PeaksAnswer>>(new Map());
  readonly #meeting: Meeting;

  constructor(meeting: Meeting) {
    this.#meeting = meeting;
  }

  get byTrack(): ReadonlySignal<ReadonlyMap<string, PeaksAnswer>> {
    return this.#byTrack;
  }

  /** @returns what ends it. */
  watch(): () => void {
    const { tracks, status } = this.#meeting;
    const names = computed(() => tracks.value.map(({ track }) => track).join());
    const isOver = computed(() => status.value === "finalized");
    return effect(() => {
      if (names.value === "") return undefined;
      const isWhole = isOver.value;
      const stop = untracked(() => repeatWhileSeen(everyMs, (ending) => this.#ask(ending, isWhole, () => stop())));
      return stop;
    });
  }

  async #ask(ending: AbortSignal, isWhole: boolean, stop: () => void): Promise<void> {
    const { sessionId, tracks } = this.#meeting;
    try {
      const asked = tracks.peek().map(({ track }) => gatewayAtOnce.peaks(sessionId, { track, points, signal: ending }));
      this.#byTrack.value = new Map((await Promise.all(asked)).map((answer) => [answer.track, answer]));
      if (isWhole) stop();
    } catch (cause) {
      // A meeting can be heard without its waveform; whoever may not read it is told so by the player.
      if (!mayPass(cause)) stop();
    }
  }
}
