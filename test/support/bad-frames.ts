/** Frames that a room must refuse, each with the code it must refuse them with. Made for one session each. */
import { encode } from "@msgpack/msgpack";
import type { WireErrorCode } from "../../schemas/wire/errors.ts";
import { chunkFields, chunkFrame, type Fields, helloFields, pcm } from "../../client/testkit/frames.ts";

export interface BadFrame {
  readonly title: string;
  readonly code: WireErrorCode;
  readonly frame: (session: string) => string | Uint8Array;
}

/** The chunk that each bad one would have been: the next, after the two that the room has. */
const nextSeq = 3;
const audio = Buffer.from(pcm(1, nextSeq));
const audio64 = audio.toString("base64");

function text(title: string, code: WireErrorCode, frame: string): BadFrame {
  return { title: `text: ${title}`, code, frame: () => frame };
}

function binary(title: string, code: WireErrorCode, bytes: Uint8Array | readonly number[]): BadFrame {
  return { title: `binary: ${title}`, code, frame: () => Uint8Array.from(bytes) };
}

/** A JSON chunk that is good but for these fields; undefined removes one. */
function jsonChunk(title: string, code: WireErrorCode, fields: Fields): BadFrame {
  return { title: `json chunk: ${title}`, code, frame: (session) => chunkFrame("json", session, nextSeq, { fields }) };
}

function msgpackChunk(title: string, code: WireErrorCode, fields: Fields): BadFrame {
  return {
    title: `msgpack chunk: ${title}`,
    code,
    frame: (session) => chunkFrame("msgpack", session, nextSeq, { fields }),
  };
}

/** The text of a good JSON chunk, edited: for what `JSON.stringify` can't write. */
function jsonText(title: string, code: WireErrorCode, edit: (good: string) => string): BadFrame {
  return {
    title: `json chunk: ${title}`,
    code,
    frame: (session) => edit(String(chunkFrame("json", session, nextSeq))),
  };
}

function control(title: string, code: WireErrorCode, fields: Fields): BadFrame {
  return { title, code, frame: () => JSON.stringify(fields) };
}

const deep = 20_000;
const nested = (open: string, close: string): string => open.repeat(deep) + close.repeat(deep);

const badText: readonly BadFrame[] = [
  text("empty", "bad_json", ""),
  text("no JSON", "bad_json", "hello"),
  text("cut off", "bad_json", '{"type":"status"'),
  text("two values", "bad_json", '{"type":"status"}{"type":"status"}'),
  text("a NaN literal", "bad_json", '{"type":"end","last_seq":NaN}'),
  text("an Infinity literal", "bad_json", '{"type":"end","last_seq":Infinity}'),
  text("single quotes", "bad_json", "{'type':'status'}"),
  text("a comment", "bad_json", '{"type":"status"/**/}'),
  text("a byte order mark", "bad_json", '\uFEFF{"type":"status"}'),
  text("a NUL", "bad_json", "\u0000"),
  text("an array", "bad_frame", '[{"type":"status"}]'),
  text("a number", "bad_frame", "7"),
  text("a string", "bad_frame", '"status"'),
  text("null", "bad_frame", "null"),
  text("true", "bad_frame", "true"),
  text("an empty map", "unknown_type", "{}"),
  text("an unknown type", "unknown_type", '{"type":"subscribe"}'),
  text("a type of the other direction", "unknown_type", '{"type":"ack","seq":1}'),
  text("type as a number", "unknown_type", '{"type":1}'),
  text("type in another case", "unknown_type", '{"type":"Status"}'),
  text("type __proto__", "unknown_type", '{"type":"__proto__"}'),
  text("type constructor", "unknown_type", '{"type":"constructor"}'),
  text("type only in __proto__", "unknown_type", '{"__proto__":{"type":"status"}}'),
  text("20,000 arrays deep", "bad_frame", nested("[", "]")),
  text("20,000 arrays deep, never closed", "bad_json", "[".repeat(deep)),
  text("a type 10,000 maps deep", "unknown_type", `{"type":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`),
];

/** A msgpack map of `n` entries whose first is `type`. */
const fixmap = (n: number, ...rest: readonly number[]): Uint8Array =>
  Uint8Array.from([0x80 + n, ...encode("type"), ...encode("status"), ...rest]);

const badBinary: readonly BadFrame[] = [
  binary("empty", "bad_msgpack", []),
  binary("the byte no format has", "bad_msgpack", [0xc1]),
  binary("JSON in a binary frame", "bad_msgpack", Buffer.from('{"type":"status"}')),
  binary("two values", "bad_msgpack", [...encode({ type: "status" }), ...encode({ type: "status" })]),
  binary("one byte too many", "bad_msgpack", [...encode({ type: "status" }), 0xc0]),
  binary("an array", "bad_frame", encode([{ type: "status" }])),
  binary("a number", "bad_frame", encode(7)),
  binary("a string", "bad_frame", encode("status")),
  binary("nil", "bad_frame", encode(null)),
  binary("a bin", "unknown_type", encode(audio)),
  binary("a timestamp", "unknown_type", encode(new Date(1_760_000_000_000))),
  binary("an unknown extension", "unknown_type", [0xd4, 0x05, 0x00]),
  binary("no type", "unknown_type", encode({ seq: 1 })),
  binary("an unknown type", "unknown_type", encode({ type: "subscribe" })),
  binary("a key __proto__", "bad_msgpack", [0x81, ...encode("__proto__"), ...encode({ type: "status" })]),
  binary("a map that is longer than the frame", "bad_msgpack", fixmap(2)),
  binary("a nil key", "bad_msgpack", fixmap(2, 0xc0, 0xc0)),
  binary("a map as key", "bad_msgpack", fixmap(2, 0x80, 0xc0)),
  binary("2³²−1 array items", "bad_msgpack", [0xdd, 0xff, 0xff, 0xff, 0xff]),
  binary("2³²−1 map entries", "bad_msgpack", [0xdf, 0xff, 0xff, 0xff, 0xff]),
  binary("2³²−1 bytes of bin", "bad_msgpack", [0xc6, 0xff, 0xff, 0xff, 0xff]),
  binary("2³²−1 bytes of string", "bad_msgpack", [0xdb, 0xff, 0xff, 0xff, 0xff]),
  binary("2³²−1 bytes of extension", "bad_msgpack", [0xc9, 0xff, 0xff, 0xff, 0xff, 0x01]),
  binary("a string cut off", "bad_msgpack", [0xdb, 0x00, 0x00, 0xff, 0xff, 0x61]),
  binary("60,000 arrays deep", "bad_msgpack", new Uint8Array(60_000).fill(0x91)),
  binary("9 arrays deep", "bad_msgpack", Buffer.from("91".repeat(9) + "c0", "hex")),
  binary("8 arrays deep", "bad_frame", Buffer.from("91".repeat(8) + "c0", "hex")),
  binary("60,000 arrays deep, closed", "bad_msgpack", new Uint8Array(60_000).fill(0x91).with(59_999, 0xc0)),
  binary("20,000 maps deep", "bad_msgpack", Buffer.from("81a161".repeat(20_000), "hex")),
  binary("a string that is not UTF-8", "unknown_type", [0x81, ...encode("type"), 0xa2, 0xff, 0xfe]),
];

const badChunks: readonly BadFrame[] = [
  jsonChunk("0 bytes", "bad_chunk_size", { content_b64: "" }),
  jsonChunk("31,999 bytes", "bad_chunk_size", { content_b64: audio.subarray(1).toString("base64") }),
  jsonChunk("32,001 bytes", "bad_chunk_size", { content_b64: Buffer.concat([audio, Buffer.of(0)]).toString("base64") }),
  jsonChunk("URL-safe base64", "bad_base64", { content_b64: audio.toString("base64url") + "=" }),
  jsonChunk("no padding", "bad_base64", { content_b64: audio64.replace(/=+$/, "") }),
  jsonChunk("one pad too many", "bad_base64", { content_b64: `${audio64}=` }),
  jsonChunk("padding in the middle", "bad_base64", { content_b64: `AA==${audio64.slice(4)}` }),
  jsonChunk("only padding", "bad_base64", { content_b64: "====" }),
  jsonChunk("a line break", "bad_base64", { content_b64: `${audio64.slice(0, 76)}\n${audio64.slice(76)}` }),
  jsonChunk("four blanks at the end", "bad_base64", { content_b64: `${audio64}    ` }),
  jsonChunk("a blank for a letter", "bad_base64", { content_b64: ` ${audio64.slice(1)}` }),
  jsonChunk("bits after the last byte", "bad_base64", { content_b64: withTrailingBits(audio64) }),
  jsonChunk("a letter outside ASCII", "bad_base64", { content_b64: `é${audio64.slice(1)}` }),
  jsonChunk("a data URL", "bad_base64", { content_b64: `data:audio/l16;base64,${audio64}` }),
  jsonChunk("content_b64 as a number", "bad_frame", { content_b64: 5 }),
  jsonChunk("content_b64 null", "bad_frame", { content_b64: null }),
  jsonChunk("content for content_b64", "bad_frame", { content_b64: undefined, content: audio64 }),
  jsonChunk("no audio", "bad_frame", { content_b64: undefined }),
  jsonChunk("no meeting_id", "bad_frame", { meeting_id: undefined }),
  jsonChunk("meeting_id as a number", "bad_frame", { meeting_id: 5 }),
  jsonChunk("a meeting_id of 257 characters", "bad_frame", { meeting_id: "m".repeat(257) }),
  jsonChunk("another meeting_id", "meeting_mismatch", { meeting_id: "another" }),
  jsonChunk("an empty meeting_id", "meeting_mismatch", { meeting_id: "" }),
  jsonText("the meeting_id in another spelling", "meeting_mismatch", (good) =>
    good.replace('"meeting_id":"t-', '"meeting_id":"T-'),
  ),
  msgpackChunk("0 bytes", "bad_chunk_size", { content: new Uint8Array() }),
  msgpackChunk("31,999 bytes", "bad_chunk_size", { content: audio.subarray(1) }),
  msgpackChunk("32,001 bytes", "bad_chunk_size", { content: Buffer.concat([audio, Buffer.of(0)]) }),
  msgpackChunk("content as base64", "bad_frame", { content: audio64 }),
  msgpackChunk("content as an array of 64", "bad_frame", { content: Array.from(audio.subarray(0, 64)) }),
  msgpackChunk("content as an array of 32,000", "bad_msgpack", { content: Array.from(audio) }),
  msgpackChunk("content_b64 for content", "bad_frame", { content: undefined, content_b64: audio64 }),
  msgpackChunk("another meeting_id", "meeting_mismatch", { meeting_id: "another" }),
  ...(["json", "msgpack"] as const).flatMap((encoding): BadFrame[] => {
    const chunk = encoding === "json" ? jsonChunk : msgpackChunk;
    return [
      chunk("seq 0", "bad_frame", { seq: 0 }),
      chunk("seq −1", "bad_frame", { seq: -1 }),
      chunk("seq 1.5", "bad_frame", { seq: 1.5 }),
      chunk("seq as a string", "bad_frame", { seq: "1" }),
      chunk("seq null", "bad_frame", { seq: null }),
      chunk("seq missing", "bad_frame", { seq: undefined }),
      chunk("seq true", "bad_frame", { seq: true }),
      chunk("seq as an array", "bad_frame", { seq: [1] }),
      chunk("seq 2⁵³", "bad_frame", { seq: 2 ** 53 }),
      chunk("seq 1e300", "bad_frame", { seq: 1e300 }),
      chunk("seq 86,401 beyond the last", "seq_out_of_range", { seq: 2 + 86_401 }),
      chunk("seq 100,000,000", "seq_out_of_range", { seq: 100_000_000 }),
      chunk("timestamp_ms 0", "bad_frame", { timestamp_ms: 0 }),
      chunk("timestamp_ms −1", "bad_frame", { timestamp_ms: -1 }),
      chunk("timestamp_ms as a string", "bad_frame", { timestamp_ms: "1760000000000" }),
      chunk("timestamp_ms null", "bad_frame", { timestamp_ms: null }),
      chunk("timestamp_ms beyond any date", "bad_frame", { timestamp_ms: 8.65e15 }),
      chunk("sample_rate 48,000", "bad_audio_format", { sample_rate: 48_000 }),
      chunk("sample_rate as a string", "bad_audio_format", { sample_rate: "16000" }),
      chunk("sample_rate missing", "bad_audio_format", { sample_rate: undefined }),
      chunk("2 channels", "bad_audio_format", { channels: 2 }),
      chunk("channels missing", "bad_audio_format", { channels: undefined }),
      chunk("format pcm_f32le", "bad_audio_format", { format: "pcm_f32le" }),
      chunk("format in capitals", "bad_audio_format", { format: "PCM_S16LE" }),
      chunk("format missing", "bad_audio_format", { format: undefined }),
    ];
  }),
  msgpackChunk("seq NaN", "bad_frame", { seq: Number.NaN }),
  msgpackChunk("seq Infinity", "bad_frame", { seq: Number.POSITIVE_INFINITY }),
  msgpackChunk("timestamp_ms NaN", "bad_frame", { timestamp_ms: Number.NaN }),
  msgpackChunk("timestamp_ms Infinity", "bad_frame", { timestamp_ms: Number.POSITIVE_INFINITY }),
  jsonText("seq 1e999", "bad_frame", (good) => good.replace('"seq":3,', '"seq":1e999,')),
  jsonText("cut in the middle", "bad_json", (good) => good.slice(0, good.length / 2)),
  jsonText("nothing but a type", "bad_frame", () => '{"type":"chunk"}'),
  jsonText("its fields in __proto__", "bad_frame", (good) => `{"type":"chunk","__proto__":${good}}`),
];

const badControls: readonly BadFrame[] = [
  control("hello: another meeting_id", "meeting_mismatch", { ...helloFields, meeting_id: "another" }),
  control("hello: sample_rate 44,100", "bad_audio_format", { ...helloFields, sample_rate: 44_100 }),
  control("hello: 2 channels", "bad_audio_format", { ...helloFields, channels: 2 }),
  control("hello: format opus", "bad_audio_format", { ...helloFields, format: "opus" }),
  control("hello: nothing else", "bad_audio_format", { type: "hello" }),
  control("hello: another track than the connection's", "bad_frame", { ...helloFields, track: "teacher" }),
  control("hello: another stream_role than the connection's", "bad_frame", { ...helloFields, stream_role: "mic" }),
  control("hello: track and stream_role differ", "bad_frame", { ...helloFields, track: "mixed", stream_role: "mic" }),
  control("hello: a track in capitals", "bad_frame", { ...helloFields, track: "Mixed" }),
  control("hello: a track with a slash", "bad_frame", { ...helloFields, track: "../mixed" }),
  control("hello: an empty track", "bad_frame", { ...helloFields, track: "" }),
  control("hello: a track of 33 characters", "bad_frame", { ...helloFields, track: "t".repeat(33) }),
  control("hello: a client_id of 257 characters", "bad_frame", { ...helloFields, client_id: "c".repeat(257) }),
  control("end: no last_seq", "bad_frame", { type: "end" }),
  control("end: below the last kept chunk", "bad_frame", { type: "end", last_seq: 1 }),
  control("end: last_seq −1", "bad_frame", { type: "end", last_seq: -1 }),
  control("end: last_seq 2.5", "bad_frame", { type: "end", last_seq: 2.5 }),
  control("end: last_seq as a string", "bad_frame", { type: "end", last_seq: "3" }),
  control("end: last_seq 100,000,000", "bad_frame", { type: "end", last_seq: 100_000_000 }),
  control("end: 86,401 beyond the last chunk", "seq_out_of_range", { type: "end", last_seq: 2 + 86_401 }),
  control("end: a whole second of padding", "bad_frame", { type: "end", last_seq: 2, padding_samples: 16_000 }),
  control("end: padding −1", "bad_frame", { type: "end", last_seq: 2, padding_samples: -1 }),
  control("close: a reason of 257 characters", "bad_frame", { type: "close", reason: "r".repeat(257) }),
  control("close: reason as a map", "bad_frame", { type: "close", reason: {} }),
];

/** Refused by the room, which has chunks 1 and 2 of the session, on a connection that stays open. */
export const badFrames: readonly BadFrame[] = [...badText, ...badBinary, ...badChunks, ...badControls];

/** 32,000 bytes end in `X=`, where the letter's last two bits carry nothing: this sets one of them. */
function withTrailingBits(base64: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const last = alphabet.indexOf(base64.at(-2) ?? "");
  return `${base64.slice(0, -2)}${alphabet.charAt(last + 1)}=`;
}

/** A good msgpack chunk whose audio comes last, and where in it the audio begins. */
export function chunkToTruncate(session: string, seq: number): { frame: Uint8Array; headerBytes: number } {
  const frame = encode({ ...chunkFields(session, seq), content: pcm(1, seq) });
  return { frame, headerBytes: frame.byteLength - audio.byteLength };
}
