/**
 * Audio of the track that this outbox never sent (SPEC C8): the same meeting out of another folder would be kept a second time
 * behind it. Decides whether a capture asks first; sends and stores nothing.
 */
import { CaptureFailedError, type CaptureOptions } from "./capture-types.ts";
import type { OutboxContents } from "./outbox.ts";

/**
 * Whether this capture may follow behind whatever the track has. A live source that was captured into the track before is one of
 * several devices that take it over from each other, and loses what it does not capture; a file would be told twice.
 */
export function mayFollow({ append, live }: CaptureOptions, { unsentFrom }: OutboxContents): boolean {
  return append === true || (live === true && unsentFrom > 1);
}

/** @param lastSeq of the track. @param unsentFrom no second from this number on was sent by this outbox. */
export function otherAudio(lastSeq: number, unsentFrom: number): CaptureFailedError | undefined {
  const seconds = lastSeq - unsentFrom + 1;
  if (seconds <= 0) return undefined;
  return new CaptureFailedError(
    "other_audio",
    `This track already has ${seconds} s that did not come from this outbox: \`append\` adds after them.`,
    { seconds },
  );
}
