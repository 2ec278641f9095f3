/** From a plan to the frame that goes over the socket. Pure. */
import { encode } from "@msgpack/msgpack";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import { chunkFields, helloFields, pcm } from "../../client/testkit/frames.ts";
import type { Base64Style, BaseMessage, ByteEdit, FieldEdit, FramePlan, SeqChoice } from "./frame-plan.ts";
import { nastyValues, type Written, written } from "./nasty-values.ts";

export type Frame = string | Uint8Array<ArrayBuffer>;

/** What plans are relative to. */
export interface FrameContext {
  readonly sessionId: string;
  /** That the connection streams, or would. */
  readonly track: string;
  seqOf(choice: SeqChoice): number;
}

interface Field extends Written {
  readonly key: string;
}

const headLength = 240;
const nothing = new Uint8Array();

export function buildFrame(plan: FramePlan, context: FrameContext): Frame {
  const fields = fieldsOf(plan.base, plan.encoding, context);
  let frame: Frame;
  if (plan.encoding === "json") frame = jsonOf(edited(fields, plan.fields), plan.fields);
  else frame = msgpackOf(edited(fields, plan.fields), plan.fields);
  for (const edit of plan.bytes) {
    frame = typeof frame === "string" ? editText(frame, edit) : editBytes(frame, edit);
  }
  if (plan.isSwapped) frame = swapped(frame);
  // A WebSocket text is UTF-8, which has no lone surrogates.
  return typeof frame === "string" ? frame.toWellFormed() : frame;
}

function fieldsOf(base: BaseMessage, encoding: Encoding, context: FrameContext): Field[] {
  switch (base.type) {
    case "chunk": {
      const seq = context.seqOf(base.seq);
      const content = resized(pcm(base.variant, seq), base.bytes);
      const { timestamp_ms: _, ...rest } = chunkFields(context.sessionId, seq);
      const audio = audioField(content, base.base64, encoding);
      return [...entriesOf({ ...rest, timestamp_ms: 1_760_000_000_000 + seq }), audio];
    }
    case "live": {
      const named = base.isNamed ? { track: context.track } : {};
      const placed = base.atMs === null ? {} : { at_ms: base.atMs };
      const fields = entriesOf({ type: "live", sample_rate: base.rate, ...named, ...placed });
      return [...fields, audioField(resized(pcm(1, 1), base.bytes), base.base64, encoding)];
    }
    case "hello":
      return entriesOf({ ...helloFields, ...helloOptions(base.options, context) });
    case "end": {
      const padding = base.padding === null ? {} : { padding_samples: base.padding };
      return entriesOf({ type: "end", last_seq: context.seqOf(base.lastSeq), ...padding });
    }
    case "gap": {
      const from = context.seqOf(base.from);
      return entriesOf({ type: "gap", from_seq: from, to_seq: from + base.length - 1, cause: base.cause });
    }
    case "seen":
      return entriesOf({ type: "seen", mark: base.mark });
    case "status":
    case "ping":
    case "close":
      return entriesOf({ type: base.type });
  }
}

/** In one encoding alone: the other would take as long, for nothing. */
function audioField(content: Uint8Array, style: Base64Style, encoding: Encoding): Field {
  const audio =
    encoding === "json"
      ? { json: `"${styled(encodeBase64(content), style)}"`.replace("\n", "\\n"), msgpack: nothing }
      : { json: "", msgpack: encode(content) };
  return { key: "content", ...audio };
}

function helloOptions(options: number, { sessionId, track }: FrameContext): Record<string, unknown> {
  const has = (bit: number): boolean => (options & (1 << bit)) !== 0;
  return {
    ...(has(0) ? { meeting_id: sessionId } : {}),
    ...(has(1) ? { track } : {}),
    ...(has(2) ? { stream_role: track } : {}),
    ...(has(3) ? { client_id: "fuzz" } : {}),
    ...(has(4) && has(5) ? { subscribe: ["status", "speakers"] } : {}),
  };
}

const entriesOf = (fields: Readonly<Record<string, unknown>>): Field[] =>
  Object.entries(fields).map(([key, value]) => ({ key, ...written(value) }));

function resized(content: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(content.subarray(0, length));
  return bytes;
}

function styled(base64: string, style: Base64Style): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  switch (style) {
    case "good":
      return base64;
    case "url":
      return base64.replaceAll("+", "-").replaceAll("/", "_");
    case "unpadded":
      return base64.replace(/=+$/, "");
    case "over-padded":
      return `${base64}=`;
    case "blank":
      return `${base64.slice(0, 76)}\n${base64.slice(76)}`;
    case "trailing bits":
      return base64.replace(/([A-Za-z0-9+/])(=+)$/, (_, last: string, pad: string) =>
        alphabet.charAt(alphabet.indexOf(last) | 1).concat(pad),
      );
  }
}

function edited(fields: readonly Field[], edits: readonly FieldEdit[]): Field[] {
  let now = [...fields];
  for (const edit of edits) now = afterEdit(now, edit);
  return now;
}

function nasty(index: number): Written {
  return nastyValues[index] ?? written(null);
}

function afterEdit(fields: Field[], edit: FieldEdit): Field[] {
  if (edit.op === "add") return [...fields, { key: edit.key, ...nasty(edit.value) }];
  const field = edit.op === "nest" ? undefined : fields[edit.at % Math.max(1, fields.length)];
  if (edit.op === "nest" || !field) return fields;
  const at = fields.indexOf(field);
  switch (edit.op) {
    case "drop":
      return fields.toSpliced(at, 1);
    case "set":
      return fields.with(at, { key: field.key, ...nasty(edit.value) });
    case "repeat":
      return [...fields, { key: field.key, ...nasty(edit.value) }];
    case "rename":
      return fields.with(at, { ...field, key: edit.key });
    case "copy": {
      const to = edit.to % fields.length;
      return fields.with(to, { ...field, key: fields[to]?.key ?? "" });
    }
    case "wrap":
      return fields.with(at, { key: field.key, ...wrapped(field, edit.how) });
  }
}

function wrapped({ json, msgpack }: Written, how: "array" | "map" | "text"): Written {
  if (how === "text") return written(json.slice(0, 1_000));
  if (how === "array") return { json: `[${json}]`, msgpack: joined([0x91], msgpack) };
  return { json: `{"value":${json}}`, msgpack: joined([0x81], encode("value"), msgpack) };
}

/** The audio has another name in each encoding. */
function nameInJson(key: string): string {
  return JSON.stringify(key === "content" ? "content_b64" : key);
}

function jsonOf(fields: readonly Field[], edits: readonly FieldEdit[]): string {
  let text = `{${fields.map(({ key, json }) => `${nameInJson(key)}:${json}`).join(",")}}`;
  for (const { how, levels } of nestsOf(edits)) {
    const [open, close] = how === "array" ? ["[", "]"] : ['{"type":', "}"];
    text = open.repeat(levels) + text + close.repeat(levels);
  }
  return text;
}

function msgpackOf(fields: readonly Field[], edits: readonly FieldEdit[]): Uint8Array<ArrayBuffer> {
  const head = fields.length < 16 ? [0x80 + fields.length] : [0xde, 0, fields.length];
  let bytes = joined(head, ...fields.flatMap(({ key, msgpack }) => [encode(key), msgpack]));
  for (const { how, levels } of nestsOf(edits)) {
    const open = how === "array" ? [0x91] : [0x81, ...encode("type")];
    bytes = joined(...Array.from({ length: levels }, () => open), bytes);
  }
  return bytes;
}

function nestsOf(edits: readonly FieldEdit[]): Extract<FieldEdit, { op: "nest" }>[] {
  return edits.filter((edit) => edit.op === "nest");
}

function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function editText(text: string, edit: ByteEdit): string {
  if (edit.op === "pad") return text.padEnd(edit.to);
  const at = placeOf(text.length, edit);
  const inserted = "bytes" in edit ? String.fromCharCode(...edit.bytes) : "";
  switch (edit.op) {
    case "flip":
      return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ edit.bits) + text.slice(at + 1);
    case "cut":
      return text.slice(0, at);
    case "remove":
      return text.slice(0, at) + text.slice(at + edit.length);
    case "double":
      return text.slice(0, at + edit.length) + text.slice(at);
    case "insert":
      return text.slice(0, at) + inserted + text.slice(at);
    case "replace":
      return inserted;
  }
}

function editBytes(bytes: Uint8Array<ArrayBuffer>, edit: ByteEdit): Uint8Array<ArrayBuffer> {
  const at = placeOf(bytes.length, edit);
  switch (edit.op) {
    case "flip":
      return bytes.length === 0 ? bytes : bytes.with(at, (bytes[at] ?? 0) ^ edit.bits);
    case "cut":
      return bytes.slice(0, at);
    case "remove":
      return joined(bytes.subarray(0, at), bytes.subarray(at + edit.length));
    case "double":
      return joined(bytes.subarray(0, at + edit.length), bytes.subarray(at));
    case "insert":
      return joined(bytes.subarray(0, at), edit.bytes, bytes.subarray(at));
    case "replace":
      return Uint8Array.from(edit.bytes);
    case "pad":
      return joined(bytes, new Uint8Array(Math.max(0, edit.to - bytes.length)).fill(0xc0));
  }
}

function placeOf(length: number, { at, isInHead }: ByteEdit): number {
  // Most of a chunk is audio, of which any byte is as good as another.
  const span = isInHead ? Math.min(length, headLength) : length;
  return Math.min(Math.max(0, length - 1), Math.floor((at / 10_000) * span));
}

function swapped(frame: Frame): Frame {
  if (typeof frame === "string") return new Uint8Array(new TextEncoder().encode(frame));
  let text = "";
  for (let at = 0; at < frame.length; at += 4_096) text += String.fromCharCode(...frame.subarray(at, at + 4_096));
  return text;
}

/** A frame as a report shows it. */
export function showFrame(frame: Frame, encoding: Encoding): string {
  const size = `${typeof frame === "string" ? "text" : "binary"} of ${frame.length}, planned as ${encoding}`;
  if (typeof frame === "string") return `${size}: ${JSON.stringify(frame.slice(0, 600))}`;
  const hex = Array.from(frame.subarray(0, 300), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${size}: ${hex}`;
}
