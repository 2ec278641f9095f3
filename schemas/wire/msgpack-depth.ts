/**
 * How deep a MessagePack value nests, from its bytes alone: nothing is decoded and nothing allocated but one
 * number a level. Guards a decoder that allocates an array of the declared length at every level.
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md#formats
 */

/** @returns true as soon as a value lies more than `maxDepth` maps or arrays deep. Malformed input is not judged. */
export function isDeeperThan(bytes: Uint8Array, maxDepth: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** For every open container, how many values it still waits for. */
  const open: number[] = [1];
  let at = 0;
  while (open.length > 0 && at < bytes.byteLength) {
    const top = open.length - 1;
    const left = open[top] ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[top] = left - 1;
    const { size, children } = headAt(view, at);
    at += size;
    if (children === 0) continue;
    if (open.length > maxDepth) return true;
    open.push(children);
  }
  return false;
}

/** Bytes that the value at `at` takes without its children, and how many children it has. */
function headAt(view: DataView, at: number): { size: number; children: number } {
  const head = view.getUint8(at);
  const number = (width: number): number => readUint(view, at + 1, width);
  if (head <= 0x7f || head >= 0xe0) return { size: 1, children: 0 };
  if (head <= 0x8f) return { size: 1, children: 2 * (head & 0x0f) };
  if (head <= 0x9f) return { size: 1, children: head & 0x0f };
  if (head <= 0xbf) return { size: 1 + (head & 0x1f), children: 0 };
  if (head <= 0xc3) return { size: 1, children: 0 };
  if (head <= 0xc6) return lengthPrefixed(head - 0xc4, 0, number);
  if (head <= 0xc9) return lengthPrefixed(head - 0xc7, 1, number);
  if (head <= 0xcb) return { size: head === 0xca ? 5 : 9, children: 0 };
  if (head <= 0xd3) return { size: 1 + 2 ** ((head - 0xcc) % 4), children: 0 };
  if (head <= 0xd8) return { size: 2 + 2 ** (head - 0xd4), children: 0 };
  if (head <= 0xdb) return lengthPrefixed(head - 0xd9, 0, number);
  const width = head % 2 === 0 ? 2 : 4;
  return { size: 1 + width, children: number(width) * (head <= 0xdd ? 1 : 2) };
}

/** str, bin and ext: a length of 1, 2 or 4 bytes, `extra` bytes of type, and the content. */
function lengthPrefixed(
  step: number,
  extra: number,
  number: (width: number) => number,
): { size: number; children: number } {
  const width = 2 ** step;
  return { size: 1 + width + extra + number(width), children: 0 };
}

/** Big-endian; 0 where the value is cut off. */
function readUint(view: DataView, at: number, width: number): number {
  if (at + width > view.byteLength) return 0;
  return width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at) : view.getUint32(at);
}
