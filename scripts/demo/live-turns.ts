/** Turns as lines of text, while the meeting goes on: each as soon as another one follows it. */
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { timelineOf, type Turn } from "../../schemas/speech/timeline.ts";

export class LiveTurns {
  readonly #print: (line: string) => void;
  readonly #events: RoomEvent[] = [];
  /** Up to where each track's turns are printed, ms. */
  readonly #printedTo = new Map<string, number>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Takes the next event of the log. */
  add(event: RoomEvent): void {
    this.#events.push(event);
    if (event.type === "speaker.bound") {
      this.#print(`         ${event.cluster_id ?? ""} is ${event.speaker_name ?? "nobody"}`);
    }
    if (event.type !== "speaker.resolved") return;
    const turns = timelineOf(this.#events).filter(({ track }) => track === event.track);
    // The last one may still grow.
    for (const turn of turns.slice(0, -1)) this.#printOnce(turn);
  }

  /** Nothing follows: prints what is left. */
  end(): void {
    for (const turn of timelineOf(this.#events)) this.#printOnce(turn);
  }

  #printOnce(turn: Turn): void {
    if (turn.end_ms <= (this.#printedTo.get(turn.track) ?? 0)) return;
    this.#printedTo.set(turn.track, turn.end_ms);
    this.#print(describeTurn(turn));
  }
}

/** `0:06.5 – 0:12.5  Bob`. */
export function describeTurn({ start_ms, end_ms, speaker_name, cluster_id }: Turn): string {
  return `${clockOf(start_ms)} – ${clockOf(end_ms)}  ${speaker_name ?? cluster_id}`;
}

/** `0:06.5`. */
export function clockOf(ms: number): string {
  const tenths = Math.round(ms / 100);
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${seconds}`.padStart(7);
}
