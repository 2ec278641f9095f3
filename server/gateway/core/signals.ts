/**
 * What the parts of a room tell each other, without knowing each other. Signals are calls, in the order of the list.
 *
 * `chunkStored` comes after the ack was given to its socket. Both still belong to one synchronous step, and the platform lets
 * nothing out before the step's writes are durable: a part that takes its time here delays the ack all the same. What is slow
 * belongs into a job, or behind an `await`.
 */
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { describeError, type Log } from "../../shared/telemetry/log.ts";
import type { Part } from "./part.ts";

export class Signals {
  readonly #log: Log;
  #parts: readonly Part[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Call once, when all parts are made. */
  connect(parts: readonly Part[]): void {
    this.#parts = parts;
  }

  /** Call in the transaction that appends the event. Throws what a part throws: then the event is undone. */
  eventAppended(event: RoomEvent): void {
    for (const { on } of this.#parts) on?.eventAppended?.(event);
  }

  /** Call in the transaction that takes an answer of speaker resolve. */
  resolveAnswered(): void {
    for (const { on } of this.#parts) on?.resolveAnswered?.();
  }

  /** Call when the ack was sent. Never throws: what fails in a part costs neither the ack nor the other parts' turn (K7). */
  chunkStored(track: string): void {
    this.#tell("chunkStored", ({ on }) => on?.chunkStored?.(track), track);
  }

  /** Call when the end of a track was answered. As `chunkStored`. */
  trackEnded(): void {
    this.#tell("trackEnded", ({ on }) => on?.trackEnded?.());
  }

  /** Throws what an essential part throws; what fails in another costs nobody else anything. */
  statusChanged(): void {
    this.#each("statusChanged", ({ on }) => on?.statusChanged?.());
  }

  /** Call in the commit that deletes all rows, before it deletes any. As `statusChanged`. */
  sessionDeleted(): void {
    this.#each("sessionDeleted", ({ on }) => on?.sessionDeleted?.());
  }

  /** As `statusChanged`. */
  settingsChanged(): void {
    this.#each("settingsChanged", ({ on }) => on?.settingsChanged?.());
  }

  /** The room woke. As `statusChanged`: a row that one part can't read keeps no room from opening (K7, X5). */
  woke(): void {
    this.#each("woke", (part) => part.woke?.());
  }

  /** Resolves when no part has anything under way that began before the session's deletion. */
  async quiet(): Promise<void> {
    await Promise.all(this.#parts.map(async ({ quiet }) => quiet?.()));
  }

  #tell(signal: "chunkStored" | "trackEnded", give: (part: Part) => void, track?: string): void {
    for (const part of this.#parts) {
      try {
        give(part);
      } catch (cause) {
        this.#log.error("part.failed", { part: part.name, signal, track, error: describeError(cause) });
      }
    }
  }

  #each(signal: "statusChanged" | "settingsChanged" | "sessionDeleted" | "woke", give: (part: Part) => void): void {
    for (const part of this.#parts) {
      try {
        give(part);
      } catch (cause) {
        if (part.isEssential) throw cause;
        this.#log.error("part.failed", { part: part.name, signal, error: describeError(cause) });
      }
    }
  }

  /** Tables whose rows a deletion leaves. */
  get lastingTables(): readonly string[] {
    return this.#parts.flatMap(({ afterDeletion }) => afterDeletion?.tables ?? []);
  }
}
