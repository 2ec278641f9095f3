/**
 * A WebM that was cut off: what its last cluster promises and the file has not is taken back, down to the last whole block, so
 * that the demuxer reads what is there. Pure; anything else is given back as it is.
 */

const ids = { segment: 0x18_53_80_67, cluster: 0x1f_43_b6_75 } as const;

interface Element {
  readonly id: number;
  /** Where its size stands, and in how many bytes. */
  readonly sizeAt: number;
  readonly sizeBytes: number;
  readonly dataAt: number;
  /** Undefined where a live recorder did not know it. */
  readonly end: number | undefined;
}

export function mendWebm(bytes: Uint8Array): Uint8Array {
  const header = elementAt(bytes, 0);
  const segment = header?.end === undefined ? undefined : elementAt(bytes, header.end);
  if (segment?.id !== ids.segment) return bytes;
  for (let child = elementAt(bytes, segment.dataAt); child?.end !== undefined; child = elementAt(bytes, child.end)) {
    if (child.end <= bytes.byteLength) continue;
    return child.id === ids.cluster ? shortened(bytes, child) : bytes;
  }
  return bytes;
}

function shortened(bytes: Uint8Array, cluster: Element): Uint8Array {
  let end = cluster.dataAt;
  for (let block = elementAt(bytes, end); block?.end !== undefined; block = elementAt(bytes, end)) {
    if (block.end > bytes.byteLength) break;
    end = block.end;
  }
  const mended = bytes.slice(0, end);
  let size = end - cluster.dataAt;
  for (let i = cluster.sizeBytes - 1; i >= 0; i--) {
    mended[cluster.sizeAt + i] = size % 256;
    size = Math.floor(size / 256);
  }
  // The mark of how many bytes the number has; it was larger before, so it has room.
  mended[cluster.sizeAt] = (mended[cluster.sizeAt] ?? 0) | (0x80 >> (cluster.sizeBytes - 1));
  return mended;
}

/** @returns undefined where there is no whole head of an element. */
function elementAt(bytes: Uint8Array, at: number): Element | undefined {
  const idBytes = lengthOf(bytes[at]);
  const sizeAt = at + idBytes;
  const sizeBytes = lengthOf(bytes[sizeAt]);
  const dataAt = sizeAt + sizeBytes;
  if (idBytes > 4 || sizeBytes > 8 || dataAt > bytes.byteLength) return undefined;
  let id = 0;
  for (let i = at; i < sizeAt; i++) id = id * 256 + (bytes[i] ?? 0);
  let size = (bytes[sizeAt] ?? 0) & (0xff >> sizeBytes);
  let isUnknown = size === 0xff >> sizeBytes;
  for (let i = sizeAt + 1; i < dataAt; i++) {
    isUnknown &&= bytes[i] === 0xff;
    size = size * 256 + (bytes[i] ?? 0);
  }
  return { id, sizeAt, sizeBytes, dataAt, end: isUnknown ? undefined : dataAt + size };
}

/** Bytes of a number whose first byte is this: as many as its leading zeros, and one. 9 where it is no number. */
function lengthOf(first: number | undefined): number {
  return first === undefined || first === 0 ? 9 : Math.clz32(first) - 23;
}
