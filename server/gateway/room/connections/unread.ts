/**
 * How much was sent to a connection that nobody may have read (SPEC W14). Only its client can tell: now and then a message bears
 * a mark that nobody can guess, and `seen` with that mark says that all up to there was read. A ping that the platform answers
 * says nothing of the kind. Pure.
 */
import { limits } from "../../../../schemas/limits.ts";

export interface Unread {
  /** Sent since what its client last told to have read. */
  readonly bytes: number;
  /** The mark that is not told yet; null for none. */
  readonly mark: string | null;
  /** Of `bytes`, sent after that mark. */
  readonly afterMark: number;
  /** Since when events wait for it, ms since 1970; null while none do. */
  readonly waitingSince: number | null;
}

export const nothingUnread: Unread = { bytes: 0, mark: null, afterMark: 0, waitingSince: null };

/** After so much a message bears a mark: an honest client has told long before events wait. */
const markEveryBytes = 65_536;

/** Whether a message should bear a new mark: many bytes have none, or this is the last one before events wait. */
export function wantsMark({ bytes, mark }: Unread, messageBytes: number): boolean {
  const after = bytes + messageBytes;
  const { maxUnseenBytes: max } = limits;
  return (mark === null && after >= markEveryBytes) || (bytes < max && after >= max);
}

/** @param mark that the message bears, if any. */
export function sent(unread: Unread, messageBytes: number, mark: string | undefined): Unread {
  const bytes = unread.bytes + messageBytes;
  if (mark !== undefined) return { ...unread, bytes, mark, afterMark: 0 };
  return { ...unread, bytes, afterMark: unread.mark === null ? 0 : unread.afterMark + messageBytes };
}

/** The client told that it has read up to a mark. One that was replaced, or never sent, tells nothing. */
export function seen(unread: Unread, mark: string): Unread {
  if (unread.mark !== mark) return unread;
  return { bytes: unread.afterMark, mark: null, afterMark: 0, waitingSince: null };
}

/** Whether events may be sent. Without a mark to wait for the next one has to bear it. */
export function mayGetEvents({ bytes, mark }: Unread): boolean {
  return bytes < limits.maxUnseenBytes || mark === null;
}

/** Whether live audio may be sent: with less unread than events, so that these never wait for it. */
export function mayGetLive({ bytes, mark }: Unread): boolean {
  return bytes < limits.maxUnseenLiveBytes || mark === null;
}

/** Events wait for the client from now on. */
export function waiting(unread: Unread, now: number): Unread {
  return unread.waitingSince === null ? { ...unread, waitingSince: now } : unread;
}

/** Until when the client has to tell, ms since 1970; null where nothing waits for it. */
export function tellBy({ waitingSince }: Unread): number | null {
  return waitingSince === null ? null : waitingSince + limits.seenWithinMs;
}

/** Whether so much is unread that nobody can be reading: what is sent then only fills memory. */
export function isTooMuch({ bytes }: Unread): boolean {
  return bytes > limits.maxUnreadBytes;
}
