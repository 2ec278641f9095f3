/**
 * One connection through the fault proxy: a WebSocket to the client, one to the room, and a lane in each
 * direction on which messages are struck by faults. Messages of a lane keep their order but where `reorder`
 * says otherwise.
 */
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { type Direction, type FaultKind, type FaultRates, planFault, type Random } from "./fault-plan.ts";
import { halfFrame } from "./half-frame.ts";

/** A message held for `reorder` goes out this much later when none follows. */
const reorderFlushMs = 50;

/** The two ends, as WebSockets and as the TCP streams below. */
export interface LinkEnds {
  readonly client: WebSocket;
  readonly clientStream: Duplex;
  readonly room: WebSocket;
  readonly roomStream: Duplex;
}

export interface LinkOptions {
  readonly rates: () => FaultRates;
  readonly random: Readonly<Record<Direction, Random>>;
  readonly delayMs: number;
  readonly onForward: (direction: Direction) => void;
  readonly onFault: (kind: FaultKind, direction: Direction) => void;
}

interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

interface Lane {
  readonly direction: Direction;
  readonly from: WebSocket;
  readonly to: WebSocket;
  readonly toStream: Duplex;
  /** Ends when all before has been forwarded. */
  tail: Promise<void>;
  held: Message | undefined;
}

export class FaultLink {
  readonly #ends: LinkEnds;
  readonly #options: LinkOptions;
  readonly #lanes: readonly Lane[];
  #isHalfOpen = false;
  #isOver = false;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(ends: LinkEnds, options: LinkOptions) {
    this.#ends = ends;
    this.#options = options;
    const { client, clientStream, room, roomStream } = ends;
    this.#lanes = [newLane("to_room", client, room, roomStream), newLane("to_client", room, client, clientStream)];
    for (const one of this.#lanes) this.#open(one);
  }

  get isHalfOpen(): boolean {
    return this.#isHalfOpen;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends both connections without a close frame. */
  drop(): void {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#ends.client.terminate();
    this.#ends.room.terminate();
  }

  /** From now on neither side hears anything of the other, and both connections stay open. */
  halfOpen(): void {
    this.#isHalfOpen = true;
    // Not even the library's own pongs and close frames are to get out.
    this.#ends.client.pause();
    this.#ends.room.pause();
  }

  #open(lane: Lane): void {
    lane.from.on("message", (data: Buffer, isBinary) => this.#handle(lane, { data, isBinary }));
    lane.from.on("close", (code, reason) => this.#enqueue(lane, () => this.#close(lane, code, reason)));
    // A reset shows as a close, too.
    lane.from.on("error", () => undefined);
  }

  #handle(lane: Lane, message: Message): void {
    const fault = planFault(this.#options.rates(), lane.direction, this.#options.random[lane.direction]);
    if (this.#isHalfOpen || this.#isOver) return;
    if (fault) this.#options.onFault(fault, lane.direction);
    switch (fault) {
      case undefined:
        return this.#enqueue(lane, () => this.#forward(lane, message));
      case "lose":
        return;
      case "drop":
        return this.drop();
      case "half_open":
        return this.halfOpen();
      case "cut":
        return this.#enqueue(lane, () => this.#cut(lane, message));
      case "duplicate":
        return this.#enqueue(lane, () => {
          this.#forward(lane, message);
          this.#forward(lane, message);
        });
      case "delay":
        return this.#enqueue(lane, async () => {
          await this.#wait(this.#options.delayMs);
          this.#forward(lane, message);
        });
      case "stall":
        return this.#enqueue(lane, async () => {
          lane.from.pause();
          this.#forward(lane, message);
          await this.#wait(this.#options.delayMs);
          if (!this.#isHalfOpen) lane.from.resume();
        });
      case "reorder":
        return this.#enqueue(lane, () => this.#hold(lane, message));
    }
  }

  #enqueue(lane: Lane, step: () => void | Promise<void>): void {
    lane.tail = lane.tail.then(step);
  }

  #forward(lane: Lane, message: Message): void {
    this.#put(lane, message);
    const late = lane.held;
    lane.held = undefined;
    if (late) this.#put(lane, late);
  }

  #put(lane: Lane, { data, isBinary }: Message): void {
    if (this.#isHalfOpen || this.#isOver || lane.to.readyState !== WebSocket.OPEN) return;
    this.#options.onForward(lane.direction);
    lane.to.send(data, { binary: isBinary });
  }

  #hold(lane: Lane, message: Message): void {
    const earlier = lane.held;
    lane.held = message;
    if (earlier) this.#put(lane, earlier);
    this.#after(reorderFlushMs, () => {
      if (lane.held !== message) return;
      lane.held = undefined;
      this.#put(lane, message);
    });
  }

  #cut(lane: Lane, { data, isBinary }: Message): void {
    if (this.#isHalfOpen || this.#isOver || lane.to.readyState !== WebSocket.OPEN) return;
    // Nothing may follow the half: the room would take it for the frame's other half, and keep the mixture.
    this.#isOver = true;
    lane.toStream.write(halfFrame(data, isBinary, lane.direction === "to_room"), () => this.drop());
  }

  #close(lane: Lane, code: number, reason: Buffer): void {
    if (this.#isHalfOpen || this.#isOver) return;
    if (lane.held) this.#put(lane, lane.held);
    lane.held = undefined;
    // 1005 and 1006 stand for "no code", and can't be sent.
    if (code === 1005) lane.to.close();
    else if (code === 1006) this.drop();
    else lane.to.close(code, reason);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#after(ms, resolve));
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

function newLane(direction: Direction, from: WebSocket, to: WebSocket, toStream: Duplex): Lane {
  return { direction, from, to, toStream, tail: Promise.resolve(), held: undefined };
}
