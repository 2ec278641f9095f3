/** What stands of what one was saying is taken back where nobody will say it any more: captions that are switched off, or have no model. */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { noModel } from "../hearing/heard-words.ts";

/** @param post takes back what is partial there, and leaves what is final. The same again changes nothing. @returns what failed, where it did. */
export async function takeBack<Fault>(
  partials: readonly { readonly track: string; readonly start_ms: number }[],
  post: (heard: HeardStretch) => Promise<Result<unknown, Fault>>,
): Promise<Result<void, Fault>> {
  for (const { track, start_ms } of partials) {
    const at = { track, from_ms: start_ms, to_ms: start_ms + 1 };
    const taken = await post({ ...at, model: noModel, standing: "partial", segments: [] });
    if (!taken.ok) return taken;
  }
  return ok(undefined);
}
