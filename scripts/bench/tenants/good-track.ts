/**
 * One track of a tenant that keeps to the rules: a second of audio at a steady rate, never more than a window in flight,
 * a refused one sent again when the gateway says. Each ack is checked against what was sent.
 */
import { createHash } from "node:crypto";
import { channelCount, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { limits } from "../../../schemas/limits.ts";
import type { RoomMessage } from "../../../schemas/wire/messages.ts";
import { Failure } from "../../../schemas/lib/failure.ts";
import { RoomSocket, type RoomSocketOptions } from "../../../client/testkit/room-socket.ts";
import { stampedSecond } from "../../../client/testkit/stamped-second.ts";

const defaultRetryMs = 1_000;
const answerTimeoutMs = 60_000;
const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat } as const;

export type GoodTrackOptions = Omit<RoomSocketOptions, "encoding"> & {
  /** Milliseconds between two seconds of audio. */
  readonly everyMs: number;
  /** @param ackMs from when the second was due to its ack, so that a gateway that stands still is not measured less often. */
  readonly onAck: (ackMs: number) => void;
};

interface Due {
  readonly seq: number;
  readonly dueAt: number;
}

export class GoodTrack {
  readonly #socket: RoomSocket;
  readonly #options: GoodTrackOptions;
  readonly #waiting: Due[] = [];
  readonly #inFlight = new Map<number, Due & { readonly sha256: string }>();
  readonly #timer: NodeJS.Timeout;
  #nextSeq = 1;
  #notBefore = 0;
  #failure: Error | undefined;
  #isDone = false;
  refused = 0;

  private constructor(socket: RoomSocket, options: GoodTrackOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#timer = setInterval(() => this.#capture(), options.everyMs);
  }

  /** Connects, and streams until `finish`. */
  static async start(options: GoodTrackOptions): Promise<GoodTrack> {
    const socket = await RoomSocket.open({ ...options, encoding: "msgpack" });
    const track = new GoodTrack(socket, options);
    void track.#listen();
    return track;
  }

  get seconds(): number {
    return this.#nextSeq - 1;
  }

  /** How long the seconds that have no ack yet have been waiting for one. */
  waitingMs(): number[] {
    const now = performance.now();
    return [...this.#waiting, ...this.#inFlight.values()].map(({ dueAt }) => now - dueAt);
  }

  /** No more seconds; waits until each has its ack. @throws Failure where one was not kept as it was sent. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    const until = performance.now() + answerTimeoutMs;
    while (!this.#failure && this.#waiting.length + this.#inFlight.size > 0) {
      if (performance.now() > until) {
        const { length } = this.#waiting;
        throw new Failure(`${this.#where} has no ack for ${length + this.#inFlight.size} of ${this.seconds} seconds.`);
      }
      this.#fill();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (this.#failure) throw this.#failure;
    this.stop();
  }

  stop(): void {
    this.#isDone = true;
    clearInterval(this.#timer);
    this.#socket.terminate();
  }

  get #where(): string {
    return `The good tenant's track ${this.#options.sessionId}/${this.#options.track}`;
  }

  #capture(): void {
    this.#waiting.push({ seq: this.#nextSeq, dueAt: performance.now() });
    this.#nextSeq += 1;
    this.#fill();
  }

  #fill(): void {
    if (this.#failure || performance.now() < this.#notBefore) return;
    while (this.#inFlight.size < limits.maxInFlightFrames) {
      const due = this.#waiting.shift();
      if (!due) return;
      const content = stampedSecond(due.seq);
      this.#inFlight.set(due.seq, { ...due, sha256: createHash("sha256").update(content).digest("hex") });
      const { sessionId } = this.#options;
      this.#socket.send({
        type: "chunk",
        meeting_id: sessionId,
        seq: due.seq,
        timestamp_ms: Date.now(),
        ...audio,
        content,
      });
    }
  }

  /** Never rejects: `finish` tells. */
  async #listen(): Promise<void> {
    try {
      while (!this.#isDone) {
        const received = await this.#socket.receive(answerTimeoutMs);
        if (received) this.#take(received.message, received.at);
      }
    } catch (cause) {
      if (this.#isDone) return;
      const isTold = cause instanceof Failure;
      this.#failure = isTold ? new Failure(`${this.#where}: ${cause.message}`) : new Error("unexpected", { cause });
    }
  }

  #take(message: RoomMessage, at: number): void {
    if (message.type === "ack") {
      const sent = this.#inFlight.get(message.seq);
      if (!sent || message.status !== "stored" || message.sha256 !== sent.sha256)
        throw new Failure(`the ack of ${message.seq} (${message.status}) is not of what was sent.`);
      this.#inFlight.delete(message.seq);
      this.#options.onAck(at - sent.dueAt);
      this.#fill();
    } else if (message.type === "error") {
      const due = message.seq === undefined ? undefined : this.#inFlight.get(message.seq);
      if (!message.retryable || !due) throw new Failure(`the gateway answered ${message.code}: ${message.detail}`);
      this.#inFlight.delete(due.seq);
      this.#waiting.unshift(due);
      this.refused += 1;
      this.#notBefore = performance.now() + (message.retry_after_ms ?? defaultRetryMs);
    }
  }
}
