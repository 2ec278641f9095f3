/** Bodies of the routes on chat: a question on meetings, and an answer whose quotes name their places. */
import * as z from "zod";
import { limits } from "../limits.ts";
import { sessionIdSchema, trackNameSchema } from "../names.ts";
import { callUsageSchema } from "../speech/transcription.ts";
import { documentIdSchema } from "../sync/documents.ts";

/** Blanks ask nothing and say nothing: an answer to them would be one to a question that got lost. */
export const messageTextSchema = z
  .string()
  .min(1)
  .max(limits.maxChatMessageChars)
  .refine((text) => /\S/.test(text), { error: "has nothing but blanks" });
export const shortSchema = z.string().min(1).max(limits.maxShortTextChars);

export const chatMessageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: messageTextSchema,
});

/** What an answer is looked for in. */
const lookedInShape = {
  /** Meetings by their ids; `[]` is none. All that the caller may see without it. */
  meetings: z.array(sessionIdSchema).max(limits.maxChatMeetings).optional(),
  /**
   * The caller's own knowledge documents (SPEC SY9) by their ids; `[]` is none. Whoever names neither these nor `meetings`, `speakers`, `from` or
   * `to` has all of theirs looked in as well; whoever names these alone has no meeting looked in.
   */
  documents: z.array(documentIdSchema).max(limits.maxChatMeetings).optional(),
  /** One of those that are allowed here: see `GET /v1/models`. */
  model: shortSchema.optional(),
  /** Only what these people said, by their names. */
  speakers: z.array(shortSchema).min(1).max(limits.maxChatMeetings).optional(),
  /** Only meetings that were opened at or after this time. */
  from: z.iso.datetime({ offset: true }).optional(),
  /** And at or before this one. */
  to: z.iso.datetime({ offset: true }).optional(),
};

const questionShape = {
  message: messageTextSchema.optional(),
  messages: z.array(chatMessageSchema).min(1).max(limits.maxChatMessages).optional(),
  ...lookedInShape,
  /** What a model that writes is told besides. */
  system: messageTextSchema.optional(),
  /** Of the answer, at most; for a model that writes. */
  max_tokens: z.int().min(1).max(100_000).optional(),
  /** Of one of `GET /v1/chats`: the question and its answer are kept there, and its messages are what was said before. */
  chat_id: z.uuid().optional(),
  /** In a chat: the same again is the same answer, not a second one. */
  request_id: shortSchema.optional(),
  /** In a chat: the answer goes on though nobody reads it, and `GET …/answer` gives the rest of it. */
  resumable: z.boolean().optional(),
};

/** Body of `POST /v1/chat`: `message`, or `messages` of which the last one is the question. */
export const chatBodySchema = asked(z.strictObject(questionShape));
/** Body of `POST /api/chat`. */
export const apiChatBodySchema = asked(z.looseObject(questionShape));

function asked<
  T extends z.ZodType<{
    message?: string | undefined;
    messages?: { role: string }[] | undefined;
    chat_id?: string | undefined;
    from?: string | undefined;
    to?: string | undefined;
  }>,
>(schema: T): T {
  return schema
    .refine(({ message, messages }) => (message === undefined) !== (messages === undefined), {
      error: "must be there, or else messages, and not both",
      path: ["message"],
    })
    .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) <= Date.parse(to), {
      error: "is at from or after it",
      path: ["to"],
    })
    .refine(({ messages }) => messages === undefined || messages.at(-1)?.role === "user", {
      error: "must end with one of role user: the question",
      path: ["messages"],
    })
    .refine(({ messages, chat_id }) => messages === undefined || chat_id === undefined, {
      error: "is for a question of no chat: a chat knows what was said before, and takes message",
      path: ["messages"],
    });
}

/** A place that the answer rests on: a player can go there, and somebody said something there when the answer was given. */
export const citationSchema = z.object({
  /** As the answer's text names it: `[1]`. */
  n: z.int().min(1),
  session_id: sessionIdSchema,
  track: trackNameSchema,
  /** On the track's own timeline. */
  start_ms: z.int().nonnegative(),
  end_ms: z.int().nonnegative(),
  /** Null where nobody knows yet. */
  speaker: z.string().nullable(),
});
export type Citation = z.infer<typeof citationSchema>;

/** A place in a document of the caller's own: it stood there, word for word, when the answer was given. */
export const documentCitationSchema = z.object({
  /** As the answer's text names it, counted together with places in meetings: `[2]`. */
  n: z.int().min(1),
  document_id: documentIdSchema,
  title: z.string(),
  /** Where it begins and ends in the text, in UTF-16 units. */
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
});
export type DocumentCitation = z.infer<typeof documentCitationSchema>;

export const finishReasonSchema = z.enum(["stop", "length", "content_filter"]);

/** The last event of a stream, and what stands in a whole answer beside its text. */
export const chatEndSchema = z.object({
  /** Who answers, as `provider/model`. */
  model: z.string(),
  /** The model that was to answer, and could not; null where it did. */
  instead_of: z.string().nullable(),
  /** Whether anything was found that bears on the question; null where neither a meeting nor a document was asked. */
  found: z.boolean().nullable(),
  finish_reason: finishReasonSchema,
  usage: callUsageSchema,
});
export type ChatEnd = z.infer<typeof chatEndSchema>;

export const chatAnswerSchema = chatEndSchema.extend({
  answer: z.string(),
  citations: z.array(citationSchema),
  documents: z.array(documentCitationSchema),
});
export type ChatAnswer = z.infer<typeof chatAnswerSchema>;
