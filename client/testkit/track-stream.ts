/**
 * Streams one track as a well-behaved client: hello, chunks within the room's window and at a pace, status, end, close. Each
 * answer is checked as it comes (`check-acks.ts`), a second that is refused for now is sent again when the room says so, and
 * nothing waits for ever. The connection is not opened again: what ends it is a failure.
 */
import { createHash } from "node:crypto";
import { createHashChain } from "../../schemas/chain.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { defaultTenant } from "../../schemas/names.ts";
import { channelCount, pcmFormat, sampleRateHz } from "../../schemas/wire/audio.ts";
import type { RoomMessage, TrackStatus } from "../../schemas/wire/messages.ts";
import { AckChecker } from "./check-acks.ts";
import { type Pace, realtime } from "./pace.ts";
import type { MessageOf } from "./protocol-socket.ts";
import { RoomSocket, type RoomSocketOptions } from "./room-socket.ts";

export interface TrackStreamOptions extends RoomSocketOptions {
  /** How many; Infinity goes on until `finish`. */
  readonly seconds: number;
  /** The bytes of a second; seq counts from 1. */
  readonly second: (seq: number) => Uint8Array;
  /** Samples of silence at the end of the last second. */
  readonly paddingSamples?: number;
  readonly clientId?: string;
  /** At this many times real time; without it as fast as the room allows. */
  readonly realtimeFactor?: number | undefined;
  /** Instead of `realtimeFactor`. */
  readonly pace?: Pace;
  /** Frames in flight, fewer than the room allows. */
  readonly window?: number;
  /** Whether a second that is refused for now is sent again; otherwise a refusal is a failure. */
  readonly resends?: boolean;
  /** On a busy machine a local gateway may leave a socket alone for half a minute. */
  readonly answerTimeoutMs?: number;
  readonly onAck?: (ack: StreamedAck) => void;
  /** Asks for a status every five seconds of audio, and gets it. */
  readonly onStatus?: (status: TrackStatus) => void;
}

export interface StreamedAck {
  readonly acked: number;
  /** From this frame's last sending to its ack. */
  readonly ackMs: number;
  /** From when the second could have been sent to its ack: a room that stands still is not measured less often. */
  readonly dueMs: number;
}

export interface StreamReport {
  readonly track: string;
  readonly acked: number;
  readonly duplicates: number;
  /** How often a second was refused for now. */
  readonly refused: number;
  /** Of what was sent, under tenant `default`. */
  readonly chainHead: string;
  /** The room's `status` after the last ack. */
  readonly status: TrackStatus;
  /** Refused frames of this track before this run. */
  readonly rejectedBefore: number;
}

interface Sent {
  readonly sentAt: number;
  readonly dueAt: number;
  readonly sha256: string;
}

const defaultAnswerTimeoutMs = 15_000;
const defaultRetryMs = 1_000;
const statusEverySeconds = 5;
const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat } as const;
const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** @throws Failure at the first answer that is missing or differs from what it must be. */
export async function streamTrack(options: TrackStreamOptions): Promise<StreamReport> {
  const stream = await TrackStream.open(options);
  try {
    return await stream.run();
  } finally {
    stream.stop();
  }
}

export class TrackStream {
  readonly #socket: RoomSocket;
  readonly #options: TrackStreamOptions;
  readonly #pace: Pace;
  readonly #ready: MessageOf<"ready">;
  readonly #acks: AckChecker;
  readonly #capturedAt = Date.now();
  /** By seq, in the order of sending. */
  readonly #inFlight = new Map<number, Sent>();
  readonly #refused: number[] = [];
  #seconds: number;
  #nextSeq = 1;
  #notBefore = 0;
  #refusals = 0;
  #statusesAsked = 0;

  private constructor(socket: RoomSocket, options: TrackStreamOptions, ready: MessageOf<"ready">) {
    this.#socket = socket;
    this.#options = options;
    this.#ready = ready;
    // A client that is to be refused for its pace sends on regardless.
    const most = options.resends ? null : ready.limits.max_realtime_factor;
    const { realtimeFactor = Number.POSITIVE_INFINITY } = options;
    this.#pace = options.pace ?? realtime(Math.min(realtimeFactor, most ?? Number.POSITIVE_INFINITY));
    this.#seconds = options.seconds;
    this.#acks = new AckChecker(options, ready.ingest);
  }

  /** Connects and says hello. */
  static async open(options: TrackStreamOptions): Promise<TrackStream> {
    const { sessionId, track, seconds, clientId } = options;
    const socket = await RoomSocket.open({ waitMs: options.answerTimeoutMs ?? defaultAnswerTimeoutMs, ...options });
    try {
      const client = clientId === undefined ? {} : { client_id: clientId };
      socket.send({ type: "hello", meeting_id: sessionId, track, ...audio, ...client });
      const ready = expected(await socket.next(), "ready");
      if (ready.session_id !== sessionId || ready.ingest.track !== track)
        throw new Failure(`ready names ${ready.session_id}/${ready.ingest.track}, not ${sessionId}/${track}.`);
      if (ready.ingest.last_seq > seconds)
        throw new Failure(
          `Session ${sessionId} holds ${ready.ingest.last_seq} seconds of track ${track} already, more than the ` +
            `${seconds} of this run: choose another session id.`,
        );
      return new TrackStream(socket, options, ready);
    } catch (cause) {
      socket.terminate();
      throw cause;
    }
  }

  /** Streams to the end. @throws Failure */
  async run(): Promise<StreamReport> {
    while (this.#acks.acked < this.#seconds) {
      this.#fill();
      await this.#takeOne();
    }
    const status = await this.#lastStatus();
    const { paddingSamples = 0, track } = this.#options;
    this.#socket.send({ type: "end", last_seq: this.#seconds, padding_samples: paddingSamples });
    const ended = expected(await this.#socket.next(), "ended");
    if (!ended.complete || ended.last_seq !== this.#seconds || ended.missing.length > 0)
      throw new Failure(`After the last ack the room answered end with ${JSON.stringify(ended)}: not complete.`);
    await this.#socket.sayGoodbye("done");
    const { acked, duplicates } = this.#acks;
    const rejectedBefore = this.#ready.ingest.rejected_chunks;
    return { track, acked, duplicates, refused: this.#refusals, chainHead: this.#chainHead(), status, rejectedBefore };
  }

  /** Nothing beyond what is due now is sent; `run` comes to its end. */
  finish(): void {
    this.#seconds = this.#dueSeq();
  }

  /** Cuts the connection. */
  stop(): void {
    this.#socket.terminate();
  }

  /** How many seconds are due; after `finish`, how many were due then. */
  get seconds(): number {
    return Math.min(this.#seconds, this.#dueSeq());
  }

  get refused(): number {
    return this.#refusals;
  }

  /** How long the seconds that have no ack yet have been waiting for one, since they were due. */
  waitingMs(): number[] {
    const now = performance.now();
    const unsent = Array.from({ length: this.seconds - this.#nextSeq + 1 }, (_, index) => this.#nextSeq + index);
    return [...this.#inFlight.keys(), ...this.#refused, ...unsent].map((seq) => now - this.#pace.dueAt(seq));
  }

  #isFull(): boolean {
    const { max_in_flight: most } = this.#ready.limits;
    return this.#inFlight.size >= Math.min(most, this.#options.window ?? most);
  }

  #dueSeq(): number {
    let seq = this.#nextSeq;
    while (seq <= this.#seconds && this.#pace.dueAt(seq) <= performance.now()) seq += 1;
    return seq - 1;
  }

  #fill(): void {
    while (!this.#isFull() && this.#sendAt() <= performance.now()) this.#send(this.#refused.shift() ?? this.#nextSeq);
  }

  #send(seq: number): void {
    const content = this.#options.second(seq);
    const [sentAt, dueAt] = [performance.now(), this.#pace.dueAt(seq)];
    this.#inFlight.set(seq, { sentAt, dueAt, sha256: sha256(content).toString("hex") });
    const timestamp_ms = this.#capturedAt + (seq - 1) * 1_000;
    this.#socket.send({ type: "chunk", meeting_id: this.#socket.sessionId, seq, timestamp_ms, ...audio, content });
    if (seq < this.#nextSeq) return;
    this.#nextSeq = seq + 1;
    if (this.#options.onStatus && seq % statusEverySeconds === 0) this.#askStatus();
  }

  /** Takes a message, or waits until something can be sent. */
  async #takeOne(): Promise<void> {
    const { answerTimeoutMs = defaultAnswerTimeoutMs } = this.#options;
    const oldest = this.#inFlight.values().next().value;
    const answerBy = oldest ? oldest.sentAt + answerTimeoutMs : Number.POSITIVE_INFINITY;
    const sendAt = this.#isFull() ? Number.POSITIVE_INFINITY : this.#sendAt();
    const wakeAt = Math.min(answerBy, sendAt);
    if (wakeAt === Number.POSITIVE_INFINITY) return this.#pace.changed?.();
    const received = await this.#socket.receive(Math.max(1, wakeAt - performance.now()));
    if (received) return this.#take(received.message, received.at);
    if (performance.now() < answerBy) return undefined;
    const { acked } = this.#acks;
    throw new Failure(
      `No ack came for ${answerTimeoutMs / 1_000} s on track ${this.#options.track}; ${acked} of ${this.#nextSeq - 1} sent ` +
        "chunks are acked.",
    );
  }

  /** When the next second can be sent, as far as the pace and refusals go. */
  #sendAt(): number {
    if (this.#refused.length > 0) return this.#notBefore;
    if (this.#nextSeq > this.#seconds) return Number.POSITIVE_INFINITY;
    return Math.max(this.#notBefore, this.#pace.dueAt(this.#nextSeq));
  }

  #take(message: RoomMessage, at: number): void {
    if (message.type === "status") return this.#takeStatus(message);
    if (message.type === "error" && this.#canResend(message)) return;
    const ack = expected(message, "ack");
    const sent = this.#inFlight.get(ack.seq);
    if (!sent) throw new Failure(`An ack came for seq ${ack.seq}, which is not in flight.`);
    this.#inFlight.delete(ack.seq);
    this.#acks.check(ack, sent.sha256);
    const { acked } = this.#acks;
    this.#options.onAck?.({ acked, ackMs: at - sent.sentAt, dueMs: at - sent.dueAt });
  }

  #canResend({ retryable, seq, retry_after_ms: retryMs = defaultRetryMs }: MessageOf<"error">): boolean {
    if (!this.#options.resends || !retryable || seq === undefined || !this.#inFlight.delete(seq)) return false;
    this.#refusals += 1;
    this.#acks.track.rejected += 1;
    this.#refused.push(seq);
    this.#notBefore = performance.now() + retryMs;
    return true;
  }

  #askStatus(): void {
    this.#statusesAsked += 1;
    this.#socket.send({ type: "status" });
  }

  #takeStatus(status: TrackStatus): void {
    this.#statusesAsked -= 1;
    this.#options.onStatus?.(status);
  }

  /** Answers to earlier questions come first. */
  async #lastStatus(): Promise<TrackStatus> {
    this.#askStatus();
    for (;;) {
      const status = expected(await this.#socket.next(), "status");
      this.#takeStatus(status);
      if (this.#statusesAsked === 0) return status;
    }
  }

  /** The hash chain over what was sent (SPEC H1). */
  #chainHead(): string {
    const { sessionId, track } = this.#options;
    const chain = createHashChain({ tenant: defaultTenant, sessionId, track }, sha256);
    for (let seq = 1; seq <= this.#seconds; seq += 1)
      chain.add(seq, Buffer.from(this.#acks.track.at(seq) ?? "", "hex"));
    return chain.head();
  }
}

function expected<T extends RoomMessage["type"]>(message: RoomMessage, type: T): MessageOf<T> {
  if (message.type === type) return message as MessageOf<T>;
  if (message.type === "error" && message.code === "seq_conflict")
    throw new Failure(
      `The session holds other audio under seq ${message.seq ?? "?"} already: choose another session id.`,
    );
  if (message.type === "error") throw new Failure(`The gateway answered ${message.code}: ${message.detail}`);
  if (message.type === "closing") throw new Failure(`The gateway is closing the connection: ${message.reason}.`);
  throw new Failure(`The gateway sent ${message.type} where ${type} was due.`);
}
