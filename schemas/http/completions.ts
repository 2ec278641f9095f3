/** Body of `POST /v1/chat/completions`, in OpenAI's shape: what means something here, and the rest as it comes. */
import * as z from "zod";
import { limits } from "../limits.ts";
import { sessionIdSchema } from "../names.ts";

const partSchema = z.looseObject({ type: z.string(), text: z.string().optional() });
/** Text, or parts of which the text is taken. */
const contentSchema = z
  .union([z.string(), z.array(partSchema)])
  .nullish()
  .transform((content) => {
    if (content === null || content === undefined) return "";
    return typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
  })
  .refine((content) => content.length <= limits.maxChatMessageChars, {
    error: `has more than ${limits.maxChatMessageChars} characters`,
  });

const messageSchema = z.looseObject({
  role: z
    .enum(["system", "developer", "user", "assistant", "tool", "function"])
    .transform((role) => (role === "developer" ? "system" : role === "tool" || role === "function" ? "user" : role)),
  content: contentSchema,
});

export const completionsBodySchema = z.looseObject({
  model: z.string().optional(),
  messages: z.array(messageSchema).min(1).max(limits.maxChatMessages),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().min(1).max(100_000).nullish(),
  max_completion_tokens: z.int().min(1).max(100_000).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  /** Meetings that are asked, by their ids; OpenAI's API has no such field. */
  meetings: z.array(sessionIdSchema).max(limits.maxChatMeetings).optional(),
});
