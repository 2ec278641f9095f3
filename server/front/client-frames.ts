/**
 * What a client's WebSocket may send on to the runtime: of a message that is too large by its frames' heads, nothing more is waited
 * for, since workerd would keep up to 32 MiB of it. The room gets in its place at once a message that is just too large, refuses it
 * as it refuses any, and ends the connection. After the gateway's close frame only the client's own close frame goes on.
 */
import { frontLimits } from "./front-limits.ts";
import { type FramePart, FrameReader, opcodes, unreadPayload, withPayloadBytes } from "./web-socket-frames.ts";

/** Of control frames: close, ping, pong (RFC 6455 §5.5). */
const maxControlBytes = 125;

export interface Passed {
  /** What goes on, in order. */
  readonly passed: readonly Buffer[];
  /** Small ones whose heads were read. */
  readonly smallFrames: number;
  /** What was not read. */
  readonly rest: Buffer;
}

export class ClientFrames {
  readonly #reader = new FrameReader();
  /** Of the message that is under way, over all its frames. */
  #messageBytes = 0;
  /** What of that message may go on; its first frame says which kind it is. */
  #maxBytes: number = frontLimits.maxForwardedBinaryBytes;
  /** The message under way was too large, and was ended in the client's stead. */
  #isOver = false;
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

  /** What of these bytes goes on, in order; read up to the end of the last small frame that may go on now. */
  pass(bytes: Buffer, maxSmallFrames = Number.POSITIVE_INFINITY): Passed {
    if (maxSmallFrames <= 0 && this.#reader.isBetweenFrames) return { passed: [], smallFrames: 0, rest: bytes };
    const passed: Buffer[] = [];
    let smallFrames = 0;
    let isWhole = this.#reader.heldBytes === 0;
    for (const part of this.#readSome(bytes, () => smallFrames < maxSmallFrames)) {
      if ("head" in part) {
        if (part.head.payloadBytes <= frontLimits.smallFrameBytes) smallFrames += 1;
        const { opcode, fin, payloadBytes } = part.head;
        if (opcode === opcodes.close) this.#hasSentClose = true;
        const what = this.#isClosing && opcode !== opcodes.close ? "nothing" : this.#judge(opcode, fin, payloadBytes);
        this.#passing = what === "all" ? payloadBytes : what === "start" ? maxControlBytes : 0;
        if (what !== "all") isWhole = false;
        if (what === "all") passed.push(part.head.bytes);
        else if (what === "start") passed.push(withPayloadBytes(part.head, maxControlBytes));
        else if (what === "too large") passed.push(unreadPayload(opcode, frontLimits.maxForwardedBinaryBytes));
        continue;
      }
      const kept = part.payload.subarray(0, this.#passing);
      this.#passing -= kept.length;
      if (kept.length < part.payload.length) isWhole = false;
      if (kept.length > 0) passed.push(kept);
    }
    // Nearly always: the bytes as they came, in one piece. A header that is not yet complete waits for its other bytes.
    const read = bytes.subarray(0, this.#reader.readBytes);
    const rest = bytes.subarray(read.length);
    return { passed: isWhole && this.#reader.heldBytes === 0 ? [read] : passed, smallFrames, rest };
  }

  /** Their parts, until a frame is at its end and no other is wanted. */
  *#readSome(bytes: Buffer, isMoreWanted: () => boolean): Generator<FramePart, void, undefined> {
    for (const part of this.#reader.read(bytes)) {
      yield part;
      if (this.#reader.isBetweenFrames && !isMoreWanted()) return;
    }
  }

  /** What of a frame goes on. "too large": not it, but the end of a message that is too large. */
  #judge(opcode: number, fin: boolean, payloadBytes: number): "all" | "start" | "nothing" | "too large" {
    if (opcode >= opcodes.close) return payloadBytes > maxControlBytes ? "start" : "all";
    const { maxForwardedBinaryBytes, maxForwardedTextBytes } = frontLimits;
    if (opcode !== opcodes.continuation) {
      this.#messageBytes = 0;
      this.#isOver = false;
      this.#maxBytes = opcode === opcodes.text ? maxForwardedTextBytes : maxForwardedBinaryBytes;
    }
    if (this.#isOver) return "nothing";
    this.#messageBytes += payloadBytes;
    if (this.#messageBytes <= this.#maxBytes) {
      if (fin) this.#messageBytes = 0;
      return "all";
    }
    this.#isOver = true;
    return "too large";
  }
}
