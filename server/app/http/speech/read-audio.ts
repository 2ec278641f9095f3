/**
 * The audio of a request, and the fields beside it: a body that is the audio alone, or a multipart form with `file`. A length that
 * is declared is looked at before anything is read, and not believed. What all requests hold at a time is bounded, and of it what
 * those of one tenant hold, so that nobody keeps others from being heard by sending slowly (SPEC L17).
 */
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { partsOf } from "../../../shared/lib/read-body.ts";
import { audioOf } from "../../ai/audio.ts";
import type { Audio } from "../../ai/ports.ts";
import { HeldBytes } from "../held-bytes.ts";
import { type Refusal, refusalWith, tooLarge } from "./refusals.ts";

export interface AudioRequest {
  readonly audio: Audio;
  /** Of the form; those of the query stand behind them. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Gives the place of its bytes to others. Call it once nobody needs them. */
  readonly release: () => void;
}

const maxBytes = limits.maxTranscriptionBodyBytes;
/** An isolate has 128 MB for all that it does; of a tenant, one body of the largest at a time, or as many smaller ones. */
const bodies = new HeldBytes(100_663_296, maxBytes);
/** A form has the audio and a few fields. */
const maxFormParts = 64;

export async function readAudio(
  request: Request,
  tenant: string,
  names: readonly string[],
): Promise<Result<AudioRequest, Refusal>> {
  const { hold, release } = bodies.open(tenant);
  const parts: Uint8Array[] = [];
  const refused = await gather(request.body, parts, hold).catch(() => "broke_off" as const);
  const read = refused === undefined ? await parse(request, joined(parts), names) : err(refusals[refused]);
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
  for await (const part of partsOf(body)) {
    size += part.byteLength;
    if (size > maxBytes) return "too_large";
    if (!hold(part.byteLength)) return "full";
    parts.push(part);
  }
  return undefined;
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
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
  const add = (name: string, value: string): void => {
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
  };
  if (!/^multipart\/form-data\b/i.test(type)) {
    for (const [name, value] of new URL(request.url).searchParams) add(name, value);
    return withAudio(bytes, type, fields);
  }
  if (isBeyondParts(bytes, type)) return err(refusalWith(400, `The form has more than ${maxFormParts} parts.`));
  const form = await new Response(bytes, { headers: { "content-type": type } }).formData().catch(() => undefined);
  if (!form) return err(refusalWith(400, "The body is no multipart form, or it ended too early."));
  const file = names.map((name) => form.get(name)).find((value) => value instanceof File);
  if (!file) return err(refusalWith(400, "The form has no file: send the audio in the field file."));
  for (const [name, value] of form) if (typeof value === "string") add(name, value);
  for (const [name, value] of new URL(request.url).searchParams) if (!fields.has(name)) add(name, value);
  return withAudio(new Uint8Array(await file.arrayBuffer()), file.type, fields);
}

/**
 * Whether a form has more parts than are taken, by its boundaries: a million parts would be a million objects before the first is
 * looked at. No boundary holds a line's end (RFC 2046 §5.1.1), so that each byte is looked at once or twice, whatever the body is.
 */
function isBeyondParts(bytes: Uint8Array, type: string): boolean {
  const name = /\bboundary="?([^";]{1,200})/i.exec(type)?.[1]?.trim() ?? "";
  const boundary = new TextEncoder().encode(`\r\n--${name}`);
  const carriageReturn = 13;
  let found = 0;
  for (let at = bytes.indexOf(carriageReturn); at >= 0; at = bytes.indexOf(carriageReturn, at + 1)) {
    if (!boundary.every((byte, i) => bytes[at + i] === byte)) continue;
    found += 1;
    // The first part begins without a line's end before it, and the last one's boundary opens none.
    if (found > maxFormParts) return true;
  }
  return false;
}

function withAudio(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  fields: AudioRequest["fields"],
): Result<Parsed, Refusal> {
  const audio = audioOf(bytes, type);
  return audio.ok ? ok({ audio: audio.value, fields }) : err(refusalWith(audio.error.status, audio.error.detail));
}
