/**
 * What a frame that can't be read looks like, as a sentence on what to send instead (SPEC W1). Pure; looks at the first bytes only,
 * and only at frames that were refused already.
 */
import { chunkBytes } from "./audio.ts";

const asChunk = `Audio goes as ${chunkBytes} bytes of s16le, 16,000 Hz, mono, in the content of a chunk, one second each.`;

/** First bytes of what recorders and files hold. */
const containers: readonly (readonly [name: string, at: number, bytes: readonly number[]])[] = [
  ["a WAV file", 0, [0x52, 0x49, 0x46, 0x46]],
  ["a WebM file, as a MediaRecorder gives", 0, [0x1a, 0x45, 0xdf, 0xa3]],
  ["an Ogg file", 0, [0x4f, 0x67, 0x67, 0x53]],
  ["a FLAC file", 0, [0x66, 0x4c, 0x61, 0x43]],
  ["an MP3 file", 0, [0x49, 0x44, 0x33]],
  ["an MP4 file", 4, [0x66, 0x74, 0x79, 0x70]],
];
/** Fewer bytes are no audio that anybody streams: 10 ms. */
const leastAudioBytes = 320;

/** @returns undefined where nothing is known of it. */
export function binaryFrameHint(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "The binary frame is empty.";
  const container = containers.find(([, at, magic]) => magic.every((byte, index) => bytes[at + index] === byte));
  if (container) return `The binary frame begins as ${container[0]} does. Send samples: ${asChunk}`;
  if (beginsAsJson(bytes))
    return "The binary frame holds JSON. Send JSON as a text frame, or MessagePack as a binary one.";
  if (bytes.length >= leastAudioBytes && bytes.length % 2 === 0 && !beginsAsMap(bytes[0] ?? 0))
    return `The binary frame is no MessagePack map; are these bare samples? ${asChunk}`;
  return undefined;
}

/** @returns undefined where nothing is known of it. */
export function textFrameHint(text: string): string | undefined {
  if (text === "") return "The text frame is empty.";
  if (text.startsWith("\uFEFF"))
    return "The text frame begins with a byte order mark (U+FEFF). Send the JSON without it.";
  if (/^\[object \w+\]$/.test(text))
    return `The text frame is "${text}", an object that was made a string. Send JSON.stringify of a message, or bytes as a binary frame.`;
  if (/^\{\s*'/.test(text))
    return "The text frame has single quotes. JSON has double ones: write it with a JSON library.";
  if (/[:,[]\s*-?(?:NaN|Infinity)\b/.test(text)) return "The text frame has a NaN or an Infinity, which JSON has not.";
  if (text.length >= leastAudioBytes && /^[\w+/=-]+$/.test(text))
    return `The text frame is bare base64. Send a chunk, a JSON object with the audio in content_b64. ${asChunk}`;
  return undefined;
}

/** A brace and then a key or the end, behind a byte order mark and blanks. MessagePack has a lone 123 for it. */
function beginsAsJson(bytes: Uint8Array): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, 64));
  return /^\s*(?:\{\s*["}]|\[\s*\{)/.test(head);
}

/** Whether the first byte opens a map: fixmap, map 16 or map 32. */
function beginsAsMap(first: number): boolean {
  return (first & 0xf0) === 0x80 || first === 0xde || first === 0xdf;
}
