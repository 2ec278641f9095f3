/**
 * Recordings of this browser that did not come to their end: the page was closed, or crashed. Their seconds are in the
 * outboxes; which there are is noted here, without any credential. Those that another tab goes on with are not offered.
 */
import { signal } from "@preact/signals";
import { outboxName } from "./strand.ts";

const storeName = "roomtone.recordings";
const maxNoted = 20;

export interface Unfinished {
  readonly sessionId: string;
  readonly title: string;
  readonly tracks: readonly string[];
  /** ms since 1970. */
  readonly startedAt: number;
  /** The person had ended it: all that is left is to send the rest. */
  readonly isEnding: boolean;
}

/** What may be gone on with here. */
export const unfinished = signal<readonly Unfinished[]>([]);

export function note(recording: Unfinished): void {
  const others = read().filter(({ sessionId }) => sessionId !== recording.sessionId);
  write([recording, ...others].slice(0, maxNoted));
}

/** It came to its end: nothing of it is left here. */
export async function forget({ sessionId, tracks }: Pick<Unfinished, "sessionId" | "tracks">): Promise<void> {
  write(read().filter((noted) => noted.sessionId !== sessionId));
  for (const track of tracks) indexedDB.deleteDatabase(outboxName(sessionId, track));
  await lookForUnfinished();
}

export async function lookForUnfinished(): Promise<void> {
  const held = await heldOutboxes();
  unfinished.value = read().filter(({ sessionId, tracks }) =>
    tracks.every((track) => !held.has(`roomtone-outbox:${outboxName(sessionId, track)}`)),
  );
}

/** Outboxes that some tab has open, this one too. */
async function heldOutboxes(): Promise<ReadonlySet<string>> {
  const { locks } = navigator as { readonly locks?: LockManager };
  const { held = [] } = (await locks?.query()) ?? {};
  return new Set(held.map(({ name }) => name ?? ""));
}

function read(): readonly Unfinished[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(storeName) ?? "[]");
    return Array.isArray(value) ? value.filter(isUnfinished) : [];
  } catch {
    return [];
  }
}

function isUnfinished(value: unknown): value is Unfinished {
  if (typeof value !== "object" || value === null) return false;
  const { sessionId, title, tracks, startedAt, isEnding } = value as Partial<Record<keyof Unfinished, unknown>>;
  return (
    typeof sessionId === "string" &&
    typeof title === "string" &&
    Array.isArray(tracks) &&
    tracks.every((track) => typeof track === "string") &&
    typeof startedAt === "number" &&
    typeof isEnding === "boolean"
  );
}

function write(noted: readonly Unfinished[]): void {
  try {
    localStorage.setItem(storeName, JSON.stringify(noted));
  } catch {
    // A page that may keep nothing has no outbox that would outlive it either.
  }
}
