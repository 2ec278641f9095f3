/**
 * The frames of a WebSocket's bytes (RFC 6455 §5.2), found as the bytes pass: headers are read, payloads are not. Constant
 * memory, whatever a header says.
 */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8 } as const;

export interface FrameHead {
  readonly fin: boolean;
  readonly opcode: number;
  readonly payloadBytes: number;
  readonly isMasked: boolean;
  /** The header as it came, its mask included. */
  readonly bytes: Buffer;
}

export type FramePart = { readonly head: FrameHead } | { readonly payload: Buffer };

const longestHead = 14;

export class FrameReader {
  readonly #head = Buffer.alloc(longestHead);
  #headBytes = 0;
  #payloadLeft = 0;
  #readBytes = 0;

  /** Whether the bytes so far end where a frame ends: another frame may be sent here. */
  get isBetweenFrames(): boolean {
    return this.#headBytes === 0 && this.#payloadLeft === 0;
  }

  /** Bytes of a header that is not yet complete. */
  get heldBytes(): number {
    return this.#headBytes;
  }

  /** How many of the bytes that were given last the parts so far are made of: who asks for no more of them goes on there. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /** The parts of the next bytes, in order. A payload may come in several parts; an empty one in none. */
  *read(bytes: Buffer): Generator<FramePart, void, undefined> {
    let at = 0;
    this.#readBytes = 0;
    while (at < bytes.length) {
      if (this.#payloadLeft > 0) {
        const payload = bytes.subarray(at, at + this.#payloadLeft);
        this.#payloadLeft -= payload.length;
        at += payload.length;
        this.#readBytes = at;
        yield { payload };
        continue;
      }
      const wanted = this.#headLength() - this.#headBytes;
      const copied = bytes.copy(this.#head, this.#headBytes, at, at + wanted);
      this.#headBytes += copied;
      at += copied;
      this.#readBytes = at;
      if (this.#headBytes < this.#headLength()) continue;
      const head = this.#takeHead();
      this.#payloadLeft = head.payloadBytes;
      yield { head };
    }
  }

  /** As far as the bytes so far can tell: it grows when the second byte is there. */
  #headLength(): number {
    if (this.#headBytes < 2) return 2;
    const second = this.#head.readUInt8(1);
    const length = second & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
  }

  #takeHead(): FrameHead {
    const bytes = Buffer.from(this.#head.subarray(0, this.#headBytes));
    this.#headBytes = 0;
    const first = bytes.readUInt8(0);
    const second = bytes.readUInt8(1);
    const length = second & 0x7f;
    return {
      fin: (first & 0x80) !== 0,
      opcode: first & 0x0f,
      // A length beyond 2^53 is a lie that no one gets to the end of.
      payloadBytes: length === 126 ? bytes.readUInt16BE(2) : length === 127 ? Number(bytes.readBigUInt64BE(2)) : length,
      isMasked: (second & 0x80) !== 0,
      bytes,
    };
  }
}

/** A client's last frame of a message, of zeros: what it says is read by nobody. */
export function unreadPayload(opcode: number, payloadBytes: number): Buffer {
  const head: FrameHead = {
    fin: true,
    opcode,
    payloadBytes,
    isMasked: true,
    bytes: Buffer.from([0x80 | opcode, 0, 0, 0, 0, 0]),
  };
  return Buffer.concat([withPayloadBytes(head, payloadBytes), Buffer.alloc(payloadBytes)]);
}

/** The same header with another length: a payload's mask goes on from its first byte, so that it can be cut at its end. */
export function withPayloadBytes(head: FrameHead, payloadBytes: number): Buffer {
  const mask = head.isMasked ? head.bytes.subarray(head.bytes.length - 4) : Buffer.alloc(0);
  const maskBit = head.isMasked ? 0x80 : 0;
  const first = head.bytes.readUInt8(0);
  if (payloadBytes < 126) return Buffer.concat([Buffer.from([first, maskBit | payloadBytes]), mask]);
  const start = Buffer.alloc(payloadBytes < 65_536 ? 4 : 10);
  start.writeUInt8(first, 0);
  if (payloadBytes < 65_536) {
    start.writeUInt8(maskBit | 126, 1);
    start.writeUInt16BE(payloadBytes, 2);
  } else {
    start.writeUInt8(maskBit | 127, 1);
    start.writeBigUInt64BE(BigInt(payloadBytes), 2);
  }
  return Buffer.concat([start, mask]);
}
