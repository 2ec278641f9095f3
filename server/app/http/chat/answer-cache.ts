/**
 * Answers that would be the same again, in KV: by tenant, and by all that they depend on. Only those at temperature 0 that rest on no meeting.
 * A cache that is slow or down costs a call of the model, and nothing else.
 */
import { type ChatAnswer, chatAnswerSchema } from "../../../../schemas/http/chat.ts";
import { withTimeout } from "../../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import { cacheLimits } from "../speech/spoken-cache.ts";
import { digestOf } from "./kept.ts";

const keptSeconds = 600;

export interface ChatKey {
  readonly name: string;
}

export async function chatKey(tenant: string, asked: object): Promise<ChatKey> {
  return { name: `tenant:${tenant}:chat:${await digestOf(asked)}` };
}

export async function cachedAnswer(cache: KVNamespace, { name }: ChatKey): Promise<ChatAnswer | undefined> {
  try {
    const value = await withTimeout(cache.get(name, "json"), cacheLimits.patienceMs, "KV");
    const parsed = chatAnswerSchema.safeParse(value);
    return parsed.success ? parsed.data : undefined;
  } catch (cause) {
    log.warn("chat_cache.unread", { error: describeError(cause) });
    return undefined;
  }
}

/** A failure is logged and never rejects: the answer is out already. */
export async function keepAnswer(cache: KVNamespace, { name }: ChatKey, answer: ChatAnswer): Promise<void> {
  try {
    await cache.put(name, JSON.stringify(answer), { expirationTtl: keptSeconds });
  } catch (cause) {
    log.warn("chat_cache.unwritten", { error: describeError(cause) });
  }
}
