/**
 * Which of two versions of an utterance is the newer one (SPEC U2). Pure. For versions that their poster numbered the answer
 * does not depend on which came first, so that a retry that comes late takes nothing back.
 */
import type { PostedUtterance, Utterance } from "../../../schemas/speech/utterances.ts";

export type Judgement =
  /** What was posted is the newer version. */
  | "newer"
  /** What is kept says the same, with this revision or a higher one. */
  | "same"
  /** What is kept is the newer version. */
  | "older"
  /** Both have one revision, and say different things. */
  | "conflict";

/** @param posted a version of `kept`, as it came. */
export function judgeVersion(kept: Utterance, posted: PostedUtterance): Judgement {
  const [wasModels, isModels] = [kept.model !== undefined, posted.model !== undefined];
  if (wasModels !== isModels) return isModels ? "older" : "newer";
  const [wasFinal, isFinal] = [kept.final === true, posted.final === true];
  if (posted.revision === undefined) {
    if (isSame(kept, posted)) return "same";
    return wasFinal && !isFinal ? "older" : "newer";
  }
  if (wasFinal !== isFinal) return isFinal ? "newer" : "older";
  if (posted.revision !== kept.revision) return posted.revision > kept.revision ? "newer" : "older";
  return isSame(kept, posted) ? "same" : "conflict";
}

/** Whether two versions of one utterance say the same. */
export function isSame(a: Utterance, b: PostedUtterance): boolean {
  return (
    a.start_ms === b.start_ms &&
    a.end_ms === b.end_ms &&
    a.text === b.text &&
    a.speaker === b.speaker &&
    a.model === b.model &&
    (a.final ?? false) === (b.final ?? false)
  );
}
