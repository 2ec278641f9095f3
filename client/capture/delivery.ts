/**
 * From the outbox to the room: keeps the connection, sends what the uplink says, and takes out of the outbox what
 * the room keeps. Knows nothing of samples.
 */
import { channelCount, pcmFormat, sampleRateHz } from "../../schemas/audio.ts";
import { closeCodeOf, type WireErrorCode, wireErrors } from "../../schemas/errors.ts";
import { limits } from "../../schemas/limits.ts";
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
import { sha256Hex } from "./sha256.ts";
import { Uplink, type UplinkAction } from "./uplink.ts";
import type { WorkQueue } from "./work-queue.ts";

/** Seconds that this client will never send, and why. */
export interface DeclaredGap {
  readonly from: number;
  readonly to: number;
  readonly cause: "capture_stall" | "client_gave_up";
}

type MessageOf<T extends RoomMessage["type"]> = Extract<RoomMessage, { type: T }>;

/** Of acks with another hash in one run, after which it is no accident. */
const maxMismatches = 8;
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
  /** The number that the next second gets. */
  readonly nextSeq: () => number;
  /** Makes the numbers of all that was never sent higher. @returns where the source's stored end lies now. */
  readonly renumber: (by: number) => Promise<OutboxEnd | undefined>;
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
  /** Sent over this connection and not acked, with the SHA-256 of its bytes. */
  readonly #sent = new Map<number, string | undefined>();
  readonly #lost = new SeqSet();
  #gaps: DeclaredGap[] = [];
  #mismatches = 0;
  #end: OutboxEnd | undefined;
  #isEndAnnounced: boolean;
  /** No second from this number on was ever sent. */
  #unsentFrom: number;
  /** Whether the outbox was told that seconds may be sent from now on. */
  #isReleased = false;
  #reconnects = -1;
  #lastError: MessageOf<"error"> | undefined;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DeliveryOptions) {
    const { capture, left, emit } = options;
    this.#options = options;
    this.#outbox = options.outbox;
    this.#end = left.end;
    this.#isEndAnnounced = left.end !== undefined;
    this.#unsentFrom = left.unsentFrom;
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

  /** Some seconds will never be sent: says so, now and after every reconnect, as long as this run lasts. */
  declareGap(gap: DeclaredGap): void {
    if (this.#gaps.length >= limits.maxGapNotes) return;
    this.#gaps.push(gap);
    if (this.#isGreeted) this.#sendGap(gap);
  }

  #sendGap({ from, to, cause }: DeclaredGap): void {
    this.#socket.send({ type: "gap", from_seq: from, to_seq: to, cause });
  }

  /** A new second lies in the outbox. */
  handleStored(seq: number): void {
    this.#run(this.#uplink.handleCaptured(seq));
    this.#options.onLag();
  }

  /** To be called within `work`. */
  async storeEnd(end: OutboxEnd): Promise<void> {
    this.#end = end;
    await this.#outbox.setEnd(end);
  }

  /** All of the source is in the outbox. */
  announceEnd(): void {
    this.#isEndAnnounced = true;
    if (this.#end) this.#run(this.#uplink.handleEnd(this.#end));
  }

  reconnect(): void {
    this.#socket.reconnect();
  }

  stop(): void {
    clearTimeout(this.#wakeTimer);
    this.#generation += 1;
    this.#socket.stop();
    this.#hold();
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
      case "event":
        return;
    }
  }

  async #resume(ready: MessageOf<"ready">): Promise<void> {
    const { renumber, emit, nextSeq } = this.#options;
    // Numbers below the room's next are the track's already: what was never sent is other audio, and moves behind it.
    const [from, to] = [this.#unsentFrom, nextSeq() - 1];
    const by = Math.max(0, ready.resume.next_seq - from);
    this.#isReleased = true;
    this.#end = await renumber(by);
    this.#unsentFrom += by;
    // The uplink has no window yet, so that none of this sends.
    this.#uplink.handleRenumbered(from, by);
    this.#gaps = this.#gaps.map((gap) => (gap.from < from ? gap : { ...gap, from: gap.from + by, to: gap.to + by }));
    for (const gap of this.#gaps) this.#sendGap(gap);
    if (this.#isEndAnnounced) this.announceEnd();
    if (by > 0 && to >= from) emit("renumbered", { from, to, by });
    this.#reconnects += 1;
    this.#run(this.#uplink.handleReady(ready));
    emit("connected", { reconnects: this.#reconnects, resending: this.#uplink.lagSeconds });
  }

  /** An ack tells of its own second, and of all before it that `contiguous_seq` covers: theirs may be lost. */
  #handleAck({ seq, sha256, contiguous_seq: contiguousSeq }: MessageOf<"ack">): void {
    const sentSha256 = this.#sent.get(seq);
    if (sentSha256 !== undefined && sentSha256 !== sha256) return this.#handleMismatch(seq);
    const kept = [seq, ...[...this.#sent.keys()].filter((sent) => sent !== seq && sent <= contiguousSeq)];
    for (const one of kept) {
      this.#sent.delete(one);
      this.#run(this.#uplink.handleAck(one));
    }
  }

  #handleMismatch(seq: number): void {
    this.#sent.delete(seq);
    this.#run(this.#uplink.handleMismatch(seq));
    this.#mismatches += 1;
    if (this.#mismatches < maxMismatches) return;
    const detail = `The room acked other bytes than were sent, ${maxMismatches} times: something on the way changes them.`;
    this.#options.onFailed(new CaptureFailedError("ack_mismatch", detail));
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
    this.#hold();
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
        if (action.code === "ack_mismatch") this.#setAside(action.seq);
        else this.#forget([action.seq]);
        this.declareGap({ from: action.seq, to: action.seq, cause: "client_gave_up" });
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
    const generation = this.#generation;
    const frame = await this.#outbox.read(seq);
    // Told kept in the meantime, by the ack of a later second.
    if (!frame) return;
    const meetingId = this.#options.capture.sessionId;
    const chunk = { type: "chunk", meeting_id: meetingId, seq, timestamp_ms: frame.timestampMs, ...audioFormat };
    const sha256 = await sha256Hex(frame.pcm);
    // Not over the connection after, which has not been greeted.
    if (generation !== this.#generation) return;
    this.#unsentFrom = Math.max(this.#unsentFrom, seq + 1);
    if (this.#socket.send(chunk, frame.pcm)) this.#sent.set(seq, sha256);
  }

  /** Has the outbox note what was never sent: other audio may get these numbers until the next greeting. */
  #hold(): void {
    if (!this.#isReleased) return;
    this.#isReleased = false;
    this.#options.work.runInBackground(() => this.#outbox.hold(this.#unsentFrom));
  }

  #setAside(seq: number): void {
    this.#options.work.runInBackground(() => this.#outbox.setAside(seq));
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
