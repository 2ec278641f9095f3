/** A request for a transcription, out of a form as OpenAI's clients send it, or out of a body that is the audio alone. */
import * as z from "zod";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { readBytesUpTo } from "../http/read-bytes.ts";
import { refuse } from "../http/openai-error.ts";

export const responseFormats = ["json", "verbose_json", "text", "srt", "vtt"] as const;
export type ResponseFormat = (typeof responseFormats)[number];

export interface TranscriptionRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the sender says that it is. */
  readonly type: string;
  readonly format: ResponseFormat;
  readonly isStreamed: boolean;
  /** Times of words, spread over their segment: the model gives none. */
  readonly wantsWords: boolean;
}

/** What goes around the audio in a form. */
const formBytes = 64 * 1024;

const isTrue = z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1");
/** Unknown fields are taken and left: OpenAI's clients send what other models heed. */
const fieldsSchema = z.object({
  response_format: z
    .enum(responseFormats, { error: `response_format must be one of ${responseFormats.join(", ")}.` })
    .default("json"),
  stream: isTrue.default(false),
  language: z
    .string()
    .regex(/^(en([-_].*)?|english)$/i, { error: "The model hears English only: leave language out, or give en." })
    .optional(),
});

export async function readTranscriptionRequest(
  request: Request,
  maxBytes: number,
): Promise<Result<TranscriptionRequest, Response>> {
  const type = request.headers.get("content-type") ?? "";
  const body = await readBytesUpTo(request.body, maxBytes + formBytes);
  if (!body.ok) return err(tooLarge(maxBytes));
  if (!/^multipart\/form-data\b/i.test(type)) {
    const given = Object.fromEntries(new URL(request.url).searchParams);
    return withFields({ bytes: body.value, type }, given, given["timestamp_granularities"] === "word");
  }
  const form = await new Response(body.value, { headers: { "content-type": type } }).formData().catch(() => undefined);
  if (!form) return err(refuse("invalid_request", "The body is no multipart form, or it ended too early."));
  const file = form.get("file");
  if (!(file instanceof File)) {
    return err(refuse("invalid_request", "The form has no file: send the audio in the field file.", { param: "file" }));
  }
  if (file.size > maxBytes) return err(tooLarge(maxBytes));
  const fields = [...form].filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const wantsWords = form.getAll("timestamp_granularities[]").includes("word");
  const audio = { bytes: new Uint8Array(await file.arrayBuffer()), type: file.type };
  return withFields(audio, Object.fromEntries(fields), wantsWords);
}

function tooLarge(maxBytes: number): Response {
  const message = `The audio is larger than ${maxBytes} bytes: send it in parts, or compressed.`;
  return refuse("body_too_large", message, { param: "file" });
}

function withFields(
  audio: Pick<TranscriptionRequest, "bytes" | "type">,
  given: Readonly<Record<string, string>>,
  wantsWords: boolean,
): Result<TranscriptionRequest, Response> {
  const fields = fieldsSchema.safeParse(given);
  if (!fields.success) {
    const [issue] = fields.error.issues;
    const param = String(issue?.path[0] ?? "");
    return err(refuse("invalid_request", issue?.message ?? `${param} is wrong.`, { param }));
  }
  const { response_format: format, stream: isStreamed } = fields.data;
  return ok({ ...audio, format, isStreamed, wantsWords });
}
