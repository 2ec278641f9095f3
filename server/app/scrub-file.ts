/**
 * What was deleted from an object's tables lies on in its file, where files are those of this machine (I8). The file is made anew by the
 * process that owns it, and nothing of the object runs meanwhile: a write would meet a locked file.
 */
import type { Env } from "./env.ts";

/** @param className of the object, which the folder of its file is named after. @throws where the file could not be made anew now. */
export async function scrubFile(
  ctx: Pick<DurableObjectState, "id" | "storage" | "blockConcurrencyWhile">,
  { LOCAL_STATE: local }: Pick<Env, "LOCAL_STATE">,
  className: "MeetingIndex" | "ChatSessionDO" | "ChatList" | "SyncDO",
): Promise<void> {
  if (!local) return;
  const url = `http://local/scrub/${ctx.id.toString()}?of=${className}`;
  // What fails inside would end the object.
  const failure = await ctx.blockConcurrencyWhile(async () => {
    try {
      await ctx.storage.sync();
      const answer = await local.fetch(url, { method: "POST" });
      return answer.ok ? undefined : new Error(`The file of a ${className} was not made anew: ${await answer.text()}`);
    } catch (cause) {
      return new Error(`The file of a ${className} was not made anew.`, { cause });
    }
  });
  if (failure) throw failure;
}
