/**
 * What a client's WebSocket may send on to the runtime: of a message, no more than what shows a room that it is too large,
 * however much comes, since workerd would keep up to 32 MiB of it; the room then refuses the message as it refuses any that is
 * too large. After the gateway's close frame, only the client's own close frame.
 */
import { frontLimits } from "./front-limits.ts";
import { FrameReader, opcodes, withPayloadBytes } from "./web-socket-frames.ts";

/** Of control frames: close, ping, pong (RFC 6455 §5.5). */
const maxControlBytes = 125;

export class ClientFrames {
  readonly #reader = new FrameReader();
  /** Of the message that is under way, over all its frames. */
  #messageBytes = 0;
  /** What of that message may go on; its first frame says which kind it is. */
  #maxBytes: number = frontLimits.maxForwardedBinaryBytes;
  /** What of the present frame's payload still goes on. */
  #passing = 0;
  #isClosing = false;
  #hasSentClose = false;

  /** The gateway has sent its close frame: the client has nothing more to say. */
  handleGatewayClosed(): void {
    this.#isClosing = true;
  }

  get hasSentClose(): boolean {
    return this.#hasSentClose;
  }

  /** What of these bytes goes on, in order. */
  pass(bytes: Buffer): Buffer[] {
    const passed: Buffer[] = [];
    let isWhole = this.#reader.heldBytes === 0;
    for (const part of this.#reader.read(bytes)) {
      if ("head" in part) {
        const { opcode, fin, payloadBytes } = part.head;
        const room = this.#isClosing && opcode !== opcodes.close ? undefined : this.#roomFor(opcode, fin, payloadBytes);
        this.#passing = room ?? 0;
        if (opcode === opcodes.close) this.#hasSentClose = true;
        if (room === undefined) isWhole = false;
        else if (room === payloadBytes) passed.push(part.head.bytes);
        else {
          isWhole = false;
          passed.push(withPayloadBytes(part.head, room));
        }
        continue;
      }
      const kept = part.payload.subarray(0, this.#passing);
      this.#passing -= kept.length;
      if (kept.length < part.payload.length) isWhole = false;
      if (kept.length > 0) passed.push(kept);
    }
    // Nearly always: the bytes as they came, in one piece. A header that is not yet complete waits for its other bytes.
    return isWhole && this.#reader.heldBytes === 0 ? [bytes] : passed;
  }

  /** How much of a frame's payload goes on. */
  #roomFor(opcode: number, fin: boolean, payloadBytes: number): number {
    if (opcode >= opcodes.close) return Math.min(payloadBytes, maxControlBytes);
    const { maxForwardedBinaryBytes, maxForwardedTextBytes } = frontLimits;
    if (opcode !== opcodes.continuation) {
      this.#messageBytes = 0;
      this.#maxBytes = opcode === opcodes.text ? maxForwardedTextBytes : maxForwardedBinaryBytes;
    }
    const before = this.#messageBytes;
    const room = Math.min(payloadBytes, Math.max(0, this.#maxBytes - before));
    this.#messageBytes = fin ? 0 : before + room;
    return room;
  }
}
