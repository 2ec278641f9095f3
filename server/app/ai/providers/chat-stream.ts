/**
 * What models that write say as they write it: OpenAI's chunks, and the shape of Workers AI's own. What is neither, an error in the
 * middle, and an end that nobody announced are failures: a part never passes for the whole.
 */
import * as z from "zod";
import type { ChatFinish } from "../chat-port.ts";
import { ModelError } from "../ports.ts";
import { sseEventsOf } from "./sse-events.ts";

const tokens = z.int().nonnegative().max(1e9);
const chunkSchema = z.object({
  error: z.unknown().optional(),
  /** Of Workers AI: a number where the text is one. */
  response: z.union([z.string(), z.number()]).nullish(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).nullish(),
        message: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  // What can't be is no reason to lose an answer.
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(undefined),
});
type Chunk = z.infer<typeof chunkSchema>;

const reasons: Readonly<Record<string, ChatFinish["reason"]>> = {
  length: "length",
  max_tokens: "length",
  content_filter: "content_filter",
  safety: "content_filter",
};

/** What is known when all is read. */
class End {
  tokens: ChatFinish["tokens"];
  reason: ChatFinish["reason"] | undefined;
  isDone = false;

  note({ usage, choices }: Chunk): void {
    if (usage) this.tokens = { input: usage.prompt_tokens, output: usage.completion_tokens };
    const reason = choices?.[0]?.finish_reason;
    if (reason !== undefined && reason !== null) this.reason = reasons[reason.toLowerCase()] ?? "stop";
  }
}

/** @throws ModelError. */
export async function* writtenIn(body: ReadableStream<Uint8Array>): AsyncGenerator<string, ChatFinish> {
  const end = new End();
  for await (const data of sseEventsOf(body)) {
    if (data.trim() === "[DONE]") {
      end.isDone = true;
      break;
    }
    const chunk = chunkOf(data);
    end.note(chunk);
    const text = textOf(chunk);
    if (text !== "") yield text;
  }
  if (!end.isDone && end.reason === undefined) throw new ModelError({ reason: "failed" });
  return { reason: end.reason ?? "stop", tokens: end.tokens };
}

/** An answer that came at once, though it was asked for in parts. @throws ModelError. */
export async function* writtenAtOnce(value: unknown): AsyncGenerator<string, ChatFinish> {
  const parsed = chunkSchema.safeParse(value);
  if (!parsed.success || isError(parsed.data)) throw new ModelError({ reason: "failed" });
  const end = new End();
  end.note(parsed.data);
  const text = textOf(parsed.data);
  if (text !== "") yield text;
  return { reason: end.reason ?? "stop", tokens: end.tokens };
}

function chunkOf(data: string): Chunk {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new ModelError({ reason: "failed" });
  }
  const parsed = chunkSchema.safeParse(value);
  if (!parsed.success || isError(parsed.data)) throw new ModelError({ reason: "failed" });
  return parsed.data;
}

const isError = ({ error }: Chunk): boolean => error !== undefined && error !== null;

function textOf({ response, choices }: Chunk): string {
  const [choice] = choices ?? [];
  return (
    choice?.delta?.content ??
    choice?.message?.content ??
    (response === null || response === undefined ? "" : String(response))
  );
}
