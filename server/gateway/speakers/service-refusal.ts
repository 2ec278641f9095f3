/** What the speaker-resolve service says where it takes a request not: its own sentence, as far as that gives nothing away (S10). */
import * as z from "zod";
import { limits } from "../../../schemas/limits.ts";
import { visibleLineOf } from "../../../schemas/visible-line.ts";
import type { InferenceConfig } from "../../shared/config/resolve.ts";
import { readTextUpTo } from "../../shared/lib/read-body.ts";

/** Statuses that say something of the request. Of the others (401, 404, 429, 5xx) the same call may succeed once the service is well. */
export function isAboutRequest(status: number): boolean {
  return status === 400 || status === 413 || status === 415 || status === 422;
}

/** A sentence, and what may stand beside it. */
const maxRefusalBytes = 10_000;
const refusalSchema = z.object({ detail: z.string().max(limits.maxShortTextChars) });

/** The service's own sentence on what it does not take, as far as that is one line and nothing of how the service is reached. */
export async function whyRefused(
  config: Pick<InferenceConfig, "url" | "apiKey">,
  { body, status }: Response,
): Promise<string> {
  const text = await readTextUpTo(body, maxRefusalBytes);
  const detail = text.ok ? sentenceOf(text.value) : undefined;
  const secrets = ["://", new URL(config.url).host, config.apiKey].filter((secret) => secret !== undefined);
  const isFit = detail !== undefined && !secrets.some((secret) => detail.includes(secret));
  return isFit ? detail.replace(/\.$/, "") : `the service answered ${status}`;
}

function sentenceOf(text: string): string | undefined {
  try {
    const { detail } = refusalSchema.parse(JSON.parse(text));
    return visibleLineOf(detail);
  } catch {
    return undefined;
  }
}
