/**
 * What a concern of the room brings along, and how a list of them becomes a room. A part knows `core` and nothing of the other
 * parts but what it is given; the room knows their list and nothing of what they do. `docs/architecture.md`, "Adding a part".
 */
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import type { Core } from "./core.ts";

export interface Part {
  /** Names the part in the log. */
  readonly name: string;
  /**
   * Whether the promise stands on what the part does when it is given a signal: that kept audio gets to R2, that a deletion
   * goes on and is said. Where such a part throws, the room starts anew; what any other throws is logged, and that is all.
   */
  readonly isEssential?: true;
  /** Work that the room's alarm runs, by the name under which `core.jobs.at` asks for it. It must bear repeating. */
  readonly jobs?: Readonly<Record<string, () => Promise<void>>>;
  /** Signals; each part hears them in the order of the list. They are synchronous and must be quick: see `signals.ts`. */
  readonly on?: {
    /** An event was appended. In its commit: what is written here is kept if and only if the event is. May throw. */
    readonly eventAppended?: (event: RoomEvent) => void;
    /** The room took an answer of speaker resolve. In its commit. */
    readonly resolveAnswered?: () => void;
    /** A chunk was stored, and its ack is sent. A crash may swallow this: `woke` has to find what it would have begun. */
    readonly chunkStored?: (track: string) => void;
    /** It was said that nothing follows on a track. As `chunkStored`. */
    readonly trackEnded?: () => void;
    /** The session was opened, is finalizing, is finalized, or is being deleted. In the step that notes it. */
    readonly statusChanged?: () => void;
    /** All of the session goes now. In its commit, before anything goes: what is to stay is in tables of `afterDeletion`. */
    readonly sessionDeleted?: () => void;
    /** The session's settings changed. After the commit. */
    readonly settingsChanged?: () => void;
  };
  /** The room of an opened session woke, and everything is wired. The session may be one that is being deleted. */
  readonly woke?: () => void;
  /** Resolves when nothing is under way that was begun before the session's deletion; the deletion waits for it. */
  readonly quiet?: () => Promise<unknown>;
  /** What goes on after the session is deleted: jobs that are still run, and tables whose rows stay. */
  readonly afterDeletion?: { readonly jobs?: readonly string[]; readonly tables?: readonly string[] };
}

/** Wires the parts to the core and to each other's signals, and wakes them. Only here does any of them begin to work. */
export function startParts(core: Core, parts: readonly Part[]): void {
  const jobs = new Map<string, () => Promise<void>>();
  for (const { name, jobs: own = {} } of parts) {
    for (const [job, run] of Object.entries(own)) {
      if (jobs.has(job)) throw new Error(`room: two parts have a job "${job}", one of them ${name}`);
      jobs.set(job, run);
    }
  }
  const lasting = parts.flatMap(({ afterDeletion }) => afterDeletion?.jobs ?? []);
  core.signals.connect(parts);
  core.jobs.start({ run: jobs, lasting });
  if (core.status.isGone) core.jobs.keepLasting();
  if (!core.store.isOpened) return;
  core.signals.woke();
}
