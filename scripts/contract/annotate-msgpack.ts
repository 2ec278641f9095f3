/**
 * MessagePack bytes, field by field, for people: one line a value. Reads what a frame of the protocol can hold, and
 * throws on anything else. A reader of its own, so that the golden frames don't rest on one codec alone.
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  readonly lines: string[];
}

/** Bytes of one value that are shown; of longer ones the beginning. */
const maxShownBytes = 20;

/** @returns lines of `offset  bytes  meaning`. */
export function annotateMsgpack(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursor: Cursor = { bytes, view, at: 0, lines: [] };
  readValue(cursor, 0);
  if (cursor.at !== bytes.byteLength) throw new RangeError(`${bytes.byteLength - cursor.at} bytes are left over`);
  return cursor.lines.join("\n");
}

function readValue(cursor: Cursor, depth: number): void {
  const head = cursor.view.getUint8(cursor.at);
  const length = (width: 1 | 2 | 4): number => readUint(cursor, width);
  if (head <= 0x7f) return emit(cursor, depth, 1, String(head));
  if (head <= 0x8f) return readChildren(cursor, depth, 1, "map", head & 0x0f);
  if (head <= 0x9f) return readChildren(cursor, depth, 1, "array", head & 0x0f);
  if (head <= 0xbf) return readText(cursor, depth, 1, head & 0x1f);
  if (head >= 0xe0) return emit(cursor, depth, 1, String(head - 0x100));
  switch (head) {
    case 0xc0:
      return emit(cursor, depth, 1, "nil");
    case 0xc2:
    case 0xc3:
      return emit(cursor, depth, 1, String(head === 0xc3));
    case 0xc4:
      return readBin(cursor, depth, 2, length(1));
    case 0xc5:
      return readBin(cursor, depth, 3, length(2));
    case 0xc6:
      return readBin(cursor, depth, 5, length(4));
    case 0xcb:
      return emit(cursor, depth, 9, `${cursor.view.getFloat64(cursor.at + 1)} (float 64)`);
    case 0xcc:
      return emit(cursor, depth, 2, `${length(1)} (uint 8)`);
    case 0xcd:
      return emit(cursor, depth, 3, `${length(2)} (uint 16)`);
    case 0xce:
      return emit(cursor, depth, 5, `${length(4)} (uint 32)`);
    case 0xcf:
      return emit(cursor, depth, 9, `${cursor.view.getBigUint64(cursor.at + 1)} (uint 64)`);
    case 0xd9:
      return readText(cursor, depth, 2, length(1));
    case 0xda:
      return readText(cursor, depth, 3, length(2));
    case 0xdc:
      return readChildren(cursor, depth, 3, "array", length(2));
    case 0xde:
      return readChildren(cursor, depth, 3, "map", length(2));
    default:
      throw new RangeError(`no golden frame holds a value that begins with 0x${head.toString(16)}`);
  }
}

/** Of the length or number behind the head byte. */
function readUint({ view, at }: Cursor, width: 1 | 2 | 4): number {
  return width === 1 ? view.getUint8(at + 1) : width === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1);
}

function readText(cursor: Cursor, depth: number, headBytes: number, length: number): void {
  const start = cursor.at + headBytes;
  const text = new TextDecoder("utf-8", { fatal: true }).decode(cursor.bytes.subarray(start, start + length));
  emit(cursor, depth, headBytes + length, JSON.stringify(text));
}

function readBin(cursor: Cursor, depth: number, headBytes: number, length: number): void {
  emit(cursor, depth, headBytes, `bin of ${length} bytes`);
  emit(cursor, depth, length, "the audio");
}

function readChildren(cursor: Cursor, depth: number, headBytes: number, kind: "map" | "array", count: number): void {
  emit(cursor, depth, headBytes, `${kind} of ${count}`);
  for (let child = 0; child < count; child += 1) {
    readValue(cursor, depth + 1);
    if (kind === "map") readValue(cursor, depth + 2);
  }
}

function emit(cursor: Cursor, depth: number, length: number, meaning: string): void {
  const { bytes, at } = cursor;
  const shown = bytes.subarray(at, at + Math.min(length, maxShownBytes));
  const hex = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const more = length > maxShownBytes ? " …" : "";
  cursor.lines.push(`${String(at).padStart(5)}  ${`${hex}${more}`.padEnd(62)} ${"  ".repeat(depth)}${meaning}`);
  cursor.at += length;
}
