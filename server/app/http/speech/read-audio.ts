/**
 * The audio of a request, and the fields beside it: a body that is the audio alone, or a multipart form with `file`. A length that
 * is declared is looked at before anything is read, and not believed. What all requests hold at a time is bounded.
 */
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { audioOf } from "../../ai/audio.ts";
import type { Audio } from "../../ai/ports.ts";
import { type Refusal, refusalWith, tooLarge } from "./refusals.ts";

export interface AudioRequest {
  readonly audio: Audio;
  /** Of the form; those of the query stand behind them. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Gives the place of its bytes to others. Call it once nobody needs them. */
  readonly release: () => void;
}

/** An isolate has 128 MB for all that it does. */
const maxHeldBytes = 100_663_296;
let heldBytes = 0;
const maxBytes = limits.maxTranscriptionBodyBytes;

export async function readAudio(request: Request, names: readonly string[]): Promise<Result<AudioRequest, Refusal>> {
  let held = 0;
  const release = (): void => {
    heldBytes -= held;
    held = 0;
  };
  const hold = (bytes: number): boolean => {
    held += bytes;
    heldBytes += bytes;
    return heldBytes <= maxHeldBytes;
  };
  const parts: Uint8Array[] = [];
  const refused = await gather(request.body, parts, hold).catch(() => "broke_off" as const);
  const read = refused === undefined ? await parse(request, joined(parts, held), names) : err(refusals[refused]);
  if (read.ok) return ok({ ...read.value, release });
  release();
  return read;
}

const refusals: Readonly<Record<"too_large" | "broke_off" | "full", Refusal>> = {
  too_large: tooLarge(maxBytes),
  broke_off: refusalWith(400, "The body ended too early."),
  full: {
    code: "model_unavailable",
    detail: "Too much audio is being taken. Try again in 5 s.",
    retryAfterSeconds: 5,
  },
};

async function gather(
  body: ReadableStream<Uint8Array> | null,
  parts: Uint8Array[],
  hold: (bytes: number) => boolean,
): Promise<"too_large" | "full" | undefined> {
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const part of body ?? []) {
    size += part.byteLength;
    if (size > maxBytes) return "too_large";
    if (!hold(part.byteLength)) return "full";
    parts.push(part);
  }
  return undefined;
}

function joined(parts: Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts.splice(0)) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}

type Parsed = Pick<AudioRequest, "audio" | "fields">;

async function parse(
  request: Request,
  bytes: Uint8Array<ArrayBuffer>,
  names: readonly string[],
): Promise<Result<Parsed, Refusal>> {
  const type = request.headers.get("content-type") ?? "";
  const fields = new Map<string, string[]>();
  const add = (name: string, value: string): void => void fields.set(name, [...(fields.get(name) ?? []), value]);
  if (!/^multipart\/form-data\b/i.test(type)) {
    for (const [name, value] of new URL(request.url).searchParams) add(name, value);
    return withAudio(bytes, type, fields);
  }
  const form = await new Response(bytes, { headers: { "content-type": type } }).formData().catch(() => undefined);
  if (!form) return err(refusalWith(400, "The body is no multipart form, or it ended too early."));
  const file = names.map((name) => form.get(name)).find((value) => value instanceof File);
  if (!file) return err(refusalWith(400, "The form has no file: send the audio in the field file."));
  for (const [name, value] of form) if (typeof value === "string") add(name, value);
  for (const [name, value] of new URL(request.url).searchParams) if (!fields.has(name)) add(name, value);
  return withAudio(new Uint8Array(await file.arrayBuffer()), file.type, fields);
}

function withAudio(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  fields: AudioRequest["fields"],
): Result<Parsed, Refusal> {
  const audio = audioOf(bytes, type);
  return audio.ok ? ok({ audio: audio.value, fields }) : err(refusalWith(audio.error.status, audio.error.detail));
}
