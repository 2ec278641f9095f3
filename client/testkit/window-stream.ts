/**
 * One track of synthetic seconds, as fast as the gateway admits: MessagePack, the window full at all times, a
 * frame that is refused for now sent again when the gateway says. Each ack is checked against the bytes that
 * were sent, and the track ends complete.
 */
import { createHash } from "node:crypto";
import { channelCount, pcmFormat, sampleRateHz } from "../../schemas/wire/audio.ts";
import { createHashChain } from "../../schemas/chain.ts";
import type { AckMessage, ErrorMessage } from "../../schemas/wire/messages.ts";
import { defaultTenant } from "../../schemas/names.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { RoomSocket } from "./room-socket.ts";
import { stampedSecond } from "./stamped-second.ts";

/** Holds streams back, so that those of one meeting stay together. */
export interface StreamPace {
  /** Nothing beyond it is sent now. */
  readonly highestSeq: number;
  /** Resolves when it may have changed. */
  changed(): Promise<void>;
}

export interface WindowStreamOptions {
  /** Ends with a slash. */
  readonly baseWs: URL;
  readonly sessionId: string;
  /** A new one. */
  readonly track: string;
  /** Seconds to stream. */
  readonly seconds: number;
  /** Without one nothing but the window holds the stream back. */
  readonly pace?: StreamPace;
  /** @param ackMs from this frame's last sending to its ack. */
  readonly onAck?: (ackMs: number) => void;
}

export interface WindowStreamReport {
  readonly track: string;
  readonly rateLimited: number;
  /** Of the seconds that were sent, under tenant `default`; hex. */
  readonly chainHead: string;
}

/** Long: on a busy machine a local workerd may leave a socket alone for half a minute. */
const answerTimeoutMs = 120_000;
const defaultRetryMs = 1_000;
const audioFormat = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat } as const;
const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** @throws Failure when a second is not kept as it was sent, or no answer comes. */
export async function streamWindow(options: WindowStreamOptions): Promise<WindowStreamReport> {
  const socket = await RoomSocket.open({ ...options, encoding: "msgpack" });
  try {
    return await new WindowStream(socket, options).run();
  } finally {
    socket.terminate();
  }
}

class WindowStream {
  readonly #socket: RoomSocket;
  readonly #options: WindowStreamOptions;
  readonly #chain;
  /** By seq; what was sent and not answered. */
  readonly #inFlight = new Map<number, { readonly sentAt: number; readonly sha256: string }>();
  readonly #refused: number[] = [];
  #nextSeq = 1;
  #restUntil = 0;
  #rateLimited = 0;

  constructor(socket: RoomSocket, options: WindowStreamOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#chain = createHashChain({ tenant: defaultTenant, ...options }, sha256);
  }

  async run(): Promise<WindowStreamReport> {
    const { sessionId, track, seconds, pace, onAck } = this.#options;
    const window = await this.#greet();
    for (let acked = 0; acked < seconds;) {
      this.#fill(window);
      if (pace && this.#inFlight.size === 0 && this.#refused.length === 0) {
        await pace.changed();
        continue;
      }
      const restMs = this.#restUntil - performance.now();
      const received = await this.#socket.receive(restMs > 0 ? restMs : answerTimeoutMs);
      if (!received && restMs > 0) continue;
      if (!received)
        throw new Failure(`Track ${track} got no ack for ${answerTimeoutMs / 1_000} s, after ${acked} of ${seconds}.`);
      const { message, at } = received;
      if (message.type === "ack") {
        const sentAt = this.#checkAck(message);
        onAck?.(at - sentAt);
        acked += 1;
      } else if (message.type === "error") this.#takeError(message);
    }
    this.#socket.send({ type: "end", last_seq: seconds });
    const ended = await this.#await("ended");
    if (!ended.complete) throw new Failure(`Session ${sessionId} lacks seconds of track ${track} at its end.`);
    await this.#socket.close("done");
    return { track, rateLimited: this.#rateLimited, chainHead: this.#chain.head() };
  }

  /** @returns how many frames may be in flight. */
  async #greet(): Promise<number> {
    const { sessionId, track } = this.#options;
    this.#socket.send({ type: "hello", meeting_id: sessionId, track, ...audioFormat });
    const ready = await this.#await("ready");
    if (ready.resume.next_seq !== 1) throw new Failure(`Track ${track} of session ${sessionId} is not new.`);
    return ready.limits.max_in_flight;
  }

  #fill(window: number): void {
    const { seconds, pace } = this.#options;
    const highestSeq = Math.min(seconds, pace?.highestSeq ?? seconds);
    while (this.#inFlight.size < window && performance.now() >= this.#restUntil) {
      const again = this.#refused.shift();
      if (again === undefined && this.#nextSeq > highestSeq) return;
      const seq = again ?? this.#nextSeq;
      const content = stampedSecond(seq);
      const digest = sha256(content);
      if (again === undefined) {
        this.#chain.add(seq, digest);
        this.#nextSeq += 1;
      }
      this.#inFlight.set(seq, { sentAt: performance.now(), sha256: digest.toString("hex") });
      const meetingId = this.#options.sessionId;
      this.#socket.send({
        type: "chunk",
        meeting_id: meetingId,
        seq,
        timestamp_ms: Date.now(),
        ...audioFormat,
        content,
      });
    }
  }

  /** @returns when the second was sent. */
  #checkAck({ seq, status, sha256: told }: AckMessage): number {
    const sent = this.#inFlight.get(seq);
    const where = `The ack of ${this.#options.track}/${seq}`;
    if (!sent) throw new Failure(`${where} answers nothing that was sent.`);
    if (status !== "stored") throw new Failure(`${where} says ${status}; it was sent once.`);
    if (told !== sent.sha256) throw new Failure(`${where} has another SHA-256 than what was sent.`);
    this.#inFlight.delete(seq);
    return sent.sentAt;
  }

  #takeError({ code, detail, seq, retryable, retry_after_ms: retryMs = defaultRetryMs }: ErrorMessage): void {
    if (!retryable || seq === undefined || !this.#inFlight.delete(seq))
      throw new Failure(`The gateway answered ${code}: ${detail}`);
    this.#rateLimited += 1;
    this.#refused.push(seq);
    this.#restUntil = performance.now() + retryMs;
  }

  async #await<T extends "ready" | "ended">(type: T) {
    for (;;) {
      const received = await this.#socket.receive(answerTimeoutMs);
      if (!received) throw new Failure(`No ${type} came for ${answerTimeoutMs / 1_000} s.`);
      const { message } = received;
      if (message.type === type) return message as Extract<typeof message, { type: T }>;
      if (message.type === "error") throw new Failure(`The gateway answered ${message.code}: ${message.detail}`);
    }
  }
}
