/**
 * From the outbox to the room: keeps the connection, sends what the uplink says, and takes out of the outbox what
 * the room keeps. Knows nothing of samples.
 */
import { ackWarnings } from "./ack-warnings.ts";
import { defaultTimes, ingestUrl } from "./capture-types.ts";
import { chunkMessage, helloMessage, statusRequest } from "./client-messages.ts";
import { closeFailure } from "./close-failure.ts";
import type { DeliveryOptions } from "./delivery-options.ts";
import { type DeclaredGap, DeclaredGaps, gapMessage } from "./declared-gaps.ts";
import { mayFollow, otherAudio } from "./other-audio.ts";
import { type OutboxEnd, type OutboxFrame, OutboxUnavailableError } from "./outbox.ts";
import type { AckMessage, ErrorMessage, ReadMessage, ReadyMessage } from "./read-message.ts";
import { Cooldown } from "./cooldown.ts";
import { type RoomClose, RoomSocket } from "./room-socket.ts";
import { corruptionFailure, SentChunks } from "./sent-chunks.ts";
import { SeqSet } from "./seq-set.ts";
import { sha256Hex } from "./sha256.ts";
import { cooldownMs, Uplink, type UplinkAction } from "./uplink.ts";

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #uplink: Uplink;
  readonly #socket: RoomSocket;
  /** Rises with every lost connection: work queued for an older one is void. */
  #generation = 0;
  #isGreeted = false;
  #isEndAsked = false;
  readonly #sent = new SentChunks();
  readonly #lost = new SeqSet();
  readonly #gaps = new DeclaredGaps();
  #end: OutboxEnd | undefined;
  #isEndAnnounced: boolean;
  /** No second from this number on was ever sent. */
  #unsentFrom: number;
  /** Whether the outbox was told that seconds may be sent from now on. */
  #isReleased = false;
  /** Whether what was never sent may go behind other audio, or nobody has any: asked for once. */
  #mayFollow: boolean;
  #reconnects = -1;
  #lastError: ErrorMessage | undefined;
  readonly #warn: (ack: AckMessage) => void;
  readonly #cooldown = new Cooldown(() => this.#run(this.#uplink.handleWake()));

  constructor(options: DeliveryOptions) {
    const { capture, left, emit } = options;
    this.#options = options;
    this.#warn = ackWarnings((warning) => emit("warning", warning));
    this.#end = left.end;
    this.#isEndAnnounced = left.end !== undefined;
    this.#unsentFrom = left.unsentFrom;
    this.#mayFollow = mayFollow(capture, left);
    this.#uplink = new Uplink(left.unacked, left.end);
    this.#socket = new RoomSocket({
      url: ingestUrl(capture),
      encoding: capture.encoding ?? "msgpack",
      token: capture.token,
      clock: options.clock,
      WebSocket: capture.WebSocket,
      random: capture.random ?? Math.random,
      times: { ...defaultTimes, ...capture.times },
      onOpen: () => this.#greet(),
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
    if (this.#gaps.add(gap) && this.#isGreeted) this.#socket.send(gapMessage(gap));
  }

  /** A new second lies in the outbox. */
  handleStored(seq: number): void {
    this.#run(this.#uplink.handleCaptured(seq));
    this.#options.onLag();
  }

  /** To be called within `work`. */
  async storeEnd(end: OutboxEnd): Promise<void> {
    this.#end = end;
    await this.#options.outbox.setEnd(end);
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
    this.#cooldown.cut();
    this.#generation += 1;
    this.#options.live.handleConnection(undefined);
    this.#socket.stop();
    this.#hold();
  }

  // ---- what the room says

  /** A hello takes the track from whoever streams it, so that a question comes first. */
  #greet(mayTake = this.#mayFollow): void {
    this.#lastError = undefined;
    this.#socket.send(mayTake ? helloMessage(this.#options.capture) : statusRequest);
  }

  /** Ends the capture where the track, which has seconds up to `lastSeq`, is not for it to go on with. */
  #isRefused(lastSeq: number): boolean {
    const refusal = this.#mayFollow ? undefined : otherAudio(lastSeq, this.#unsentFrom);
    if (refusal) this.#options.onFailed(refusal);
    return refusal !== undefined;
  }

  #handle(message: ReadMessage): void {
    switch (message.type) {
      case "status":
        if (!this.#isGreeted && !this.#isRefused(message.last_seq)) this.#greet(true);
        return;
      case "ready":
        this.#isGreeted = true;
        this.#options.live.handleListeners(message.live ?? false);
        this.#inConnection(() => this.#resume(message));
        return;
      case "ack":
        return this.#handleAck(message);
      case "error":
        return this.#handleError(message);
      case "ended":
        this.#isEndAsked = false;
        this.#run(this.#uplink.handleEnded(message));
        return;
      case "listeners":
        this.#options.live.handleListeners(message.live);
        return;
      case "live":
      case "pong":
      case "closing":
        return;
    }
  }

  async #resume(ready: ReadyMessage): Promise<void> {
    const { renumber, emit, nextSeq } = this.#options;
    if (this.#isRefused(ready.resume.next_seq - 1)) return;
    this.#mayFollow = true;
    // Numbers below the room's next are the track's already: what was never sent is other audio, and moves behind it.
    const [from, to] = [this.#unsentFrom, nextSeq() - 1];
    const by = Math.max(0, ready.resume.next_seq - from);
    this.#isReleased = true;
    try {
      this.#end = await renumber(by);
    } catch (cause) {
      if (!(cause instanceof OutboxUnavailableError)) throw cause;
      // Nothing may be sent before it is noted that it is: a crash would double it.
      this.#isReleased = false;
      this.#socket.giveUp(cause.message);
      return;
    }
    this.#unsentFrom += by;
    // The uplink has no window yet, so that none of this sends.
    this.#uplink.handleRenumbered(from, by);
    this.#gaps.renumber(from, by);
    for (const message of this.#gaps.messages()) this.#socket.send(message);
    if (this.#isEndAnnounced) this.announceEnd();
    if (by > 0 && to >= from) emit("renumbered", { from, to, by });
    this.#reconnects += 1;
    this.#run(this.#uplink.handleReady(ready));
    this.#options.live.handleConnection(this.#socket);
    emit("connected", { reconnects: this.#reconnects, resending: this.#uplink.lagSeconds });
  }

  #handleAck(ack: AckMessage): void {
    const kept = this.#sent.handleAck(ack);
    if (!kept.ok) return this.#handleMismatch(ack.seq);
    this.#warn(ack);
    for (const seq of kept.value) this.#run(this.#uplink.handleAck(seq));
  }

  #handleMismatch(seq: number): void {
    this.#run(this.#uplink.handleMismatch(seq));
    if (this.#sent.isCorrupted) this.#options.onFailed(corruptionFailure());
  }

  #handleError(error: ErrorMessage): void {
    this.#lastError = error;
    if (error.seq === undefined) this.#isEndAsked = false;
    else this.#sent.delete(error.seq);
    const actions = this.#uplink.handleError(error);
    // A window of refusals comes in a row: one word is enough.
    if (error.code === "rate_limited" && actions.length > 0 && !this.#cooldown.isOn)
      this.#options.emit("limited", { afterMs: cooldownMs(error), detail: error.detail });
    this.#run(actions);
  }

  #handleClose({ code, reason, final }: RoomClose): void {
    this.#cooldown.cut();
    this.#generation += 1;
    this.#options.live.handleConnection(undefined);
    this.#isGreeted = false;
    this.#isEndAsked = false;
    this.#sent.clear();
    this.#uplink.handleDisconnected();
    this.#hold();
    this.#options.emit("disconnected", { code, reason });
    if (final) this.#options.onFailed(closeFailure(code, reason, this.#lastError));
  }

  // ---- what the uplink decides

  #run(actions: readonly UplinkAction[]): void {
    for (const action of actions) this.#perform(action);
  }

  #perform(action: UplinkAction): void {
    const { emit, onLag, onEnded, work } = this.#options;
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
        if (action.code === "ack_mismatch") work.runInBackground(() => this.#options.outbox.setAside(action.seq));
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
        this.#cooldown.begin(action.ms);
        return;
      case "finish":
        onEnded({ complete: action.complete, missing: action.missing, lost: this.#lost.ranges() });
        return;
    }
  }

  async #sendFrame(seq: number): Promise<void> {
    const generation = this.#generation;
    const frame = await this.#read(seq);
    // Told kept in the meantime, by the ack of a later second.
    if (!frame) return;
    const chunk = chunkMessage(this.#options.capture, seq, frame.timestampMs);
    const sha256 = await sha256Hex(frame.pcm);
    // Not over the connection after, which has not been greeted.
    if (generation !== this.#generation) return;
    this.#unsentFrom = Math.max(this.#unsentFrom, seq + 1);
    if (this.#socket.send(chunk, frame.pcm)) this.#sent.add(seq, sha256);
  }

  /** What can't be read for now is asked for again. */
  async #read(seq: number): Promise<OutboxFrame | undefined> {
    try {
      return await this.#options.outbox.read(seq);
    } catch (cause) {
      if (!(cause instanceof OutboxUnavailableError)) throw cause;
      this.#run(this.#uplink.handleUnread(seq));
      return undefined;
    }
  }

  /** Has the outbox note what was never sent: other audio may get these numbers until the next greeting. */
  #hold(): void {
    if (!this.#isReleased) return;
    this.#isReleased = false;
    this.#options.work.runInBackground(() => this.#options.outbox.hold(this.#unsentFrom));
  }

  #forget(seqs: readonly number[]): void {
    this.#options.work.runInBackground(async () => {
      await this.#options.outbox.remove(seqs);
      await this.#options.onSpace();
    });
  }

  /** Work for the connection there is now; void when it is gone by then. */
  #inConnection(work: () => Promise<void>): void {
    const generation = this.#generation;
    this.#options.work.runInBackground(() => (generation === this.#generation ? work() : Promise.resolve()));
  }
}
