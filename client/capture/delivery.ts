/**
 * From the outbox to the room: keeps the connection, sends what the uplink says, and takes out of the outbox what
 * the room keeps. Knows nothing of samples.
 */
import { channelCount, pcmFormat, sampleRateHz } from "../../schemas/audio.ts";
import { closeCodeOf, type WireErrorCode, wireErrors } from "../../schemas/errors.ts";
import type { RoomMessage } from "../../schemas/messages.ts";
import {
  type CaptureEnd,
  type CaptureEvents,
  CaptureFailedError,
  type CaptureOptions,
  defaultTimes,
  ingestUrl,
  trackOf,
} from "./capture-types.ts";
import type { Outbox, OutboxContents, OutboxEnd } from "./outbox.ts";
import { type RoomClose, RoomSocket } from "./room-socket.ts";
import { SeqSet } from "./seq-set.ts";
import { Uplink, type UplinkAction } from "./uplink.ts";
import type { WorkQueue } from "./work-queue.ts";

type MessageOf<T extends RoomMessage["type"]> = Extract<RoomMessage, { type: T }>;

const audioFormat = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat } as const;

export interface DeliveryOptions {
  readonly capture: CaptureOptions;
  readonly outbox: Outbox;
  /** What an earlier run left. */
  readonly left: OutboxContents;
  /** All that touches the outbox goes through it. */
  readonly work: WorkQueue;
  readonly emit: <K extends keyof CaptureEvents>(type: K, event: CaptureEvents[K]) => void;
  readonly onLag: () => void;
  /** Before a second is first sent. */
  readonly onSend: (seq: number) => void;
  /** The room takes numbers from `next`. @returns the seconds that moved for it, and by how much. */
  readonly makeWay: (next: number) => Promise<{ readonly moved: readonly number[]; readonly by: number }>;
  /** Where the track would end now. */
  readonly lastSeq: () => number;
  /** Seconds went out of the outbox. */
  readonly onSpace: () => Promise<unknown>;
  readonly onEnded: (end: CaptureEnd) => void;
  readonly onFailed: (failure: CaptureFailedError) => void;
}

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #outbox: Outbox;
  readonly #uplink: Uplink;
  readonly #socket: RoomSocket;
  /** Rises with every lost connection: work queued for an older one is void. */
  #generation = 0;
  #isGreeted = false;
  #isEndAsked = false;
  /** Sent over this connection and not acked. */
  readonly #sent = new Set<number>();
  readonly #lost = new SeqSet();
  #end: OutboxEnd | undefined;
  #reconnects = -1;
  #lastError: MessageOf<"error"> | undefined;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DeliveryOptions) {
    const { capture, left, emit } = options;
    this.#options = options;
    this.#outbox = options.outbox;
    this.#end = left.end;
    this.#uplink = new Uplink(left.unacked, left.end);
    this.#socket = new RoomSocket({
      url: ingestUrl(capture),
      encoding: capture.encoding ?? "msgpack",
      token: capture.token,
      WebSocket: capture.WebSocket,
      random: capture.random ?? Math.random,
      times: { ...defaultTimes, ...capture.times },
      onOpen: () => this.#hello(),
      onMessage: (message) => this.#handle(message),
      isWaiting: () => !this.#isGreeted || this.#uplink.inFlight > 0 || this.#isEndAsked,
      onClose: (close) => this.#handleClose(close),
      onRetry: (retry) => emit("retrying", retry),
    });
  }

  /** Seconds in the outbox. */
  get lagSeconds(): number {
    return this.#uplink.lagSeconds;
  }

  /** A new second lies in the outbox. */
  handleStored(seq: number): void {
    this.#run(this.#uplink.handleCaptured(seq));
    this.#options.onLag();
  }

  /** To be called within `work`. */
  async setEnd(end: OutboxEnd): Promise<void> {
    this.#end = end;
    await this.#outbox.setEnd(end);
    this.#run(this.#uplink.handleEnd(end));
  }

  reconnect(): void {
    this.#socket.reconnect();
  }

  stop(): void {
    clearTimeout(this.#wakeTimer);
    this.#generation += 1;
    this.#socket.stop();
  }

  // ---- what the room says

  #hello(): void {
    const { sessionId, clientId } = this.#options.capture;
    this.#lastError = undefined;
    this.#socket.send({
      type: "hello",
      meeting_id: sessionId,
      track: trackOf(this.#options.capture),
      ...audioFormat,
      ...(clientId === undefined ? {} : { client_id: clientId }),
    });
  }

  #handle(message: RoomMessage): void {
    switch (message.type) {
      case "ready":
        this.#isGreeted = true;
        this.#inConnection(() => this.#resume(message));
        return;
      case "ack":
        this.#handleAck(message);
        return;
      case "error":
        this.#handleError(message);
        return;
      case "ended":
        this.#isEndAsked = false;
        this.#run(this.#uplink.handleEnded(message));
        return;
      case "status":
      case "pong":
      case "closing":
        return;
    }
  }

  async #resume(ready: MessageOf<"ready">): Promise<void> {
    const { makeWay, emit, lastSeq } = this.#options;
    const { moved, by } = await makeWay(ready.resume.next_seq);
    // The uplink has no window yet, so that none of this sends; the outbox has been seen to.
    for (const seq of moved) this.#uplink.handleAck(seq);
    for (const seq of moved) this.#uplink.handleCaptured(seq + by);
    const [from, to] = [moved[0], moved.at(-1)];
    if (from !== undefined && to !== undefined) emit("renumbered", { from, to, by });
    const end = this.#end;
    if (end && by > 0) await this.setEnd({ ...end, lastSeq: end.lastSeq + by });
    // Nothing was captured: the end lies where the room has it.
    else if (end?.lastSeq === 0) await this.setEnd({ ...end, lastSeq: lastSeq() });
    this.#reconnects += 1;
    this.#run(this.#uplink.handleReady(ready));
    emit("connected", { reconnects: this.#reconnects, resending: this.#uplink.lagSeconds });
  }

  /** An ack tells of its own second, and of all before it that `contiguous_seq` covers: theirs may be lost. */
  #handleAck({ seq, contiguous_seq: contiguousSeq }: MessageOf<"ack">): void {
    const kept = [seq, ...[...this.#sent].filter((sent) => sent !== seq && sent <= contiguousSeq)];
    for (const one of kept) {
      this.#sent.delete(one);
      this.#run(this.#uplink.handleAck(one));
    }
  }

  #handleError(error: MessageOf<"error">): void {
    this.#lastError = error;
    if (error.seq === undefined) this.#isEndAsked = false;
    else this.#sent.delete(error.seq);
    this.#run(this.#uplink.handleError(error));
  }

  #handleClose({ code, reason, final }: RoomClose): void {
    clearTimeout(this.#wakeTimer);
    this.#generation += 1;
    this.#isGreeted = false;
    this.#isEndAsked = false;
    this.#sent.clear();
    this.#uplink.handleDisconnected();
    this.#options.emit("disconnected", { code, reason });
    if (final) this.#options.onFailed(failureOf(code, reason, this.#lastError));
  }

  // ---- what the uplink decides

  #run(actions: readonly UplinkAction[]): void {
    for (const action of actions) this.#perform(action);
  }

  #perform(action: UplinkAction): void {
    const { emit, onLag, onEnded } = this.#options;
    switch (action.do) {
      case "send":
        this.#inConnection(() => this.#sendFrame(action.seq));
        return;
      case "forget":
        this.#forget(action.seqs);
        for (const seq of action.seqs) emit("acked", { seq });
        onLag();
        return;
      case "lose":
        this.#lost.add(action.seq);
        this.#forget([action.seq]);
        emit("lost", { seq: action.seq, code: action.code, detail: action.detail });
        onLag();
        return;
      case "send_end":
        this.#isEndAsked = true;
        this.#socket.send({ type: "end", last_seq: action.lastSeq, padding_samples: action.paddingSamples });
        return;
      case "wait":
        clearTimeout(this.#wakeTimer);
        this.#wakeTimer = setTimeout(() => this.#run(this.#uplink.handleWake()), action.ms);
        return;
      case "finish":
        onEnded({ complete: action.complete, missing: action.missing, lost: this.#lost.ranges() });
        return;
    }
  }

  async #sendFrame(seq: number): Promise<void> {
    const frame = await this.#outbox.read(seq);
    // Told kept in the meantime, by the ack of a later second.
    if (!frame) return;
    const meetingId = this.#options.capture.sessionId;
    const chunk = { type: "chunk", meeting_id: meetingId, seq, timestamp_ms: frame.timestampMs, ...audioFormat };
    this.#options.onSend(seq);
    if (this.#socket.send(chunk, frame.pcm)) this.#sent.add(seq);
  }

  #forget(seqs: readonly number[]): void {
    this.#options.work.runInBackground(async () => {
      await this.#outbox.remove(seqs);
      await this.#options.onSpace();
    });
  }

  /** Work for the connection there is now; void when it is gone by then. */
  #inConnection(work: () => Promise<void>): void {
    const generation = this.#generation;
    this.#options.work.runInBackground(() => (generation === this.#generation ? work() : Promise.resolve()));
  }
}

/** The room's own words where it said why; else what the close code stands for. */
function failureOf(code: number, reason: string, said: MessageOf<"error"> | undefined): CaptureFailedError {
  if (said && closeCodeOf(said.code) === code) return new CaptureFailedError(said.code, said.detail);
  const known = (Object.keys(wireErrors) as WireErrorCode[]).find((name) => closeCodeOf(name) === code);
  if (known) return new CaptureFailedError(known, wireErrors[known].meaning);
  return new CaptureFailedError(String(code), reason || "The room closed the connection for good.");
}
