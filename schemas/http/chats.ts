/** Kept chats: their messages, title, context and preferred model; and the router for local assistants. */
import * as z from "zod";
import { limits } from "../limits.ts";
import { sessionIdSchema } from "../names.ts";
import { visibleLineSchema } from "../visible-line.ts";
import { upTo } from "./queries.ts";
import { chatEndSchema, citationSchema, documentCitationSchema, messageTextSchema, shortSchema } from "./chat.ts";

const longTextSchema = z.string().max(limits.maxChatMessageChars);
const listedTextsSchema = z.array(longTextSchema).max(limits.maxChatContextEntries);

/** What a model that writes is told of a conversation besides its messages. */
export const chatContextSchema = z.strictObject({
  pathos_framing: longTextSchema.optional(),
  local_knowledge: listedTextsSchema.optional(),
  constraints: listedTextsSchema.optional(),
});
export type ChatContext = z.infer<typeof chatContextSchema>;

export const chatIdSchema = z.uuid();
/** One line, as every name is (SPEC S8). */
export const chatTitleSchema = visibleLineSchema(limits.maxTitleChars);

/** Body of `POST /v1/chats`. */
export const createChatBodySchema = z.strictObject({
  /** A new one without it. */
  chat_id: chatIdSchema.optional(),
  /** The beginning of the first message without it. */
  title: chatTitleSchema.optional(),
  context: chatContextSchema.optional(),
  /** Asked in this chat where a question names none. */
  model: shortSchema.optional(),
});

/** Body of `PATCH /v1/chats/:chat_id`: what is left out stays; `null` takes a model back. */
export const updateChatBodySchema = z.strictObject({
  title: chatTitleSchema.optional(),
  context: chatContextSchema.optional(),
  model: shortSchema.nullable().optional(),
});

/** Body of `POST /v1/chats/:chat_id/messages`: a message that asks nothing. */
export const addMessageBodySchema = z.strictObject({
  role: z.enum(["user", "assistant"]),
  content: messageTextSchema,
});

export const chatSchema = z.object({
  chat_id: chatIdSchema,
  title: z.string().nullable(),
  context: chatContextSchema,
  model: z.string().nullable(),
  message_count: z.int().nonnegative(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type Chat = z.infer<typeof chatSchema>;

export const keptMessageSchema = z.object({
  message_id: z.int().min(1),
  role: z.enum(["system", "user", "assistant"]),
  content: z.string(),
  at: z.iso.datetime(),
  /** `broken`: it ended early; `forgotten`: a meeting that it rested on was deleted, and its words with it. */
  status: z.enum(["whole", "broken", "running", "forgotten"]),
  citations: z.array(citationSchema),
  documents: z.array(documentCitationSchema),
});
export const chatWithMessagesSchema = chatSchema.extend({ messages: z.array(keptMessageSchema) });
export type ChatWithMessages = z.infer<typeof chatWithMessagesSchema>;

export const listChatsQuerySchema = z.strictObject({
  /** Those that are as old as the last one come with it. */
  limit: upTo(limits.maxChatsPerPage).default(50),
  /** Those that are older than the last one of a page: its `updated_at`. */
  before: z.iso.datetime().optional(),
});
export const chatsPageSchema = z.object({
  chats: z.array(chatSchema.pick({ chat_id: true, title: true, message_count: true, updated_at: true })),
});

/** Body of `POST /v1/escalate` and `POST /v1/stream`. */
export const escalateBodySchema = z.strictObject({
  /** The same again is the same answer, not a second one, for a day. */
  request_id: shortSchema,
  query: messageTextSchema,
  context: chatContextSchema.optional(),
  /** One that is allowed, or `claude`, `gpt`, `gemini`, `llama`. */
  model: shortSchema.optional(),
  /** A meeting that is asked. */
  session_id: sessionIdSchema.optional(),
  max_tokens: z.int().min(1).max(100_000).optional(),
});
export const escalateAnswerSchema = chatEndSchema.extend({
  request_id: z.string(),
  answer: z.string(),
  citations: z.array(citationSchema),
  documents: z.array(documentCitationSchema),
});

export const routerStatusSchema = z.object({
  status: z.literal("ok"),
  models: z.array(
    z.object({
      id: z.string(),
      is_preferred: z.boolean(),
      circuit: z.enum(["closed", "open", "half_open"]),
    }),
  ),
});
