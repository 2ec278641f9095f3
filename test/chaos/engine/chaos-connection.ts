/**
 * One socket of one track. The room answers a connection's frames in order, one answer each: that is how an answer
 * finds its question. Answers go to the model as they come; what the model objects to is kept until somebody waits.
 */
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import type { Encoding } from "../../../schemas/wire/codec.ts";
import type { RoomMessage } from "../../../schemas/wire/messages.ts";
import { chunkFrame, encodeFields, helloFields } from "../../../client/testkit/frames.ts";
import { ProtocolSocket } from "../../../client/testkit/protocol-socket.ts";
import { overWs, socketOptions, subprotocolOf } from "../../../client/testkit/room-socket.ts";
import { halfFrame } from "../../../client/testkit/half-frame.ts";
import { badChunk } from "./bad-chunks.ts";
import { Failure } from "../../../schemas/lib/failure.ts";
import { type ChaosAudio, sha256 } from "./chaos-audio.ts";
import { type Ask, variants } from "./plan.ts";
import type { TrackModel } from "./track-model.ts";
import { same, Violation } from "./violation.ts";

const answerTimeoutMs = 15_000;

export interface ChaosConnectionOptions {
  readonly wsUrl: string;
  readonly session: string;
  readonly encoding: Encoding;
  readonly model: TrackModel;
  readonly audio: ChaosAudio;
}

export class ChaosConnection {
  readonly #options: ChaosConnectionOptions;
  readonly #socket: WebSocket;
  readonly #room: ProtocolSocket;
  #stream: Duplex | undefined;
  readonly #asked: Ask[] = [];
  /** What another connection or a cut took from this one: late answers to it may still come. */
  #isStale = false;
  #isAnswered = false;
  #problem: Violation | undefined;

  private constructor(options: ChaosConnectionOptions) {
    this.#options = options;
    const { wsUrl, session, model, encoding } = options;
    const url = `${wsUrl}/v1/audio/ws/${session}/${model.track}`;
    this.#socket = new WebSocket(url, [subprotocolOf(encoding)], socketOptions);
    this.#socket.on("upgrade", ({ socket }) => {
      this.#stream = socket;
    });
    this.#room = new ProtocolSocket(overWs(this.#socket), {
      sessionId: `${session}/${model.track}`,
      encoding,
      waitMs: answerTimeoutMs,
      onMessage: (message) => this.#take(message),
      onClose: ({ code }) => this.#closed(code),
    });
  }

  static async open(options: ChaosConnectionOptions): Promise<ChaosConnection> {
    const connection = new ChaosConnection(options);
    const socket = connection.#socket;
    await new Promise((resolve) => socket.once("open", resolve).once("close", resolve));
    if (socket.readyState !== WebSocket.OPEN)
      throw new Violation(`${options.model.track}: no connection was to be had`);
    return connection;
  }

  get isOpen(): boolean {
    return !this.#isStale && this.#socket.readyState === WebSocket.OPEN;
  }

  /** Whether the track is this connection's: nothing of an older one can come any more (SPEC W6). */
  get hasTaken(): boolean {
    return this.isOpen && this.#isAnswered;
  }

  /** Frames not answered yet. */
  get underWay(): readonly Ask[] {
    return this.#isStale ? [] : this.#asked;
  }

  send(asks: readonly Ask[]): void {
    for (const ask of asks) {
      if (this.#socket.readyState !== WebSocket.OPEN) return;
      // A stale connection's frames are dropped unanswered, and the model must not hear of them.
      if (!this.#isStale) this.#asked.push(ask);
      this.#socket.send(this.#frameOf(ask));
    }
  }

  /** Waits until every frame is answered, or the room closed the connection for a reason that may be. */
  async settle(): Promise<void> {
    this.check();
    await this.#room
      .until("an answer", () => this.#asked.length === 0 || this.#isStale)
      .catch((cause: unknown) => {
        throw cause instanceof Failure ? new Violation(cause.message) : cause;
      });
    this.check();
  }

  /** From here on nothing more is answered for sure: another connection takes the track, or this one is cut. */
  retire(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    for (const ask of this.#asked) this.#options.model.lost(ask);
  }

  /** Ends the TCP connection, after half a frame of `halfSeq` if there is one. Answers under way are lost. */
  cut(halfSeq: number | undefined): void {
    this.retire();
    this.#socket.removeAllListeners("message");
    if (halfSeq === undefined || !this.#stream?.writable) return this.#socket.terminate();
    const frame = this.#frameOf({ kind: "chunk", seq: halfSeq, variant: variants.forbidden });
    const isText = typeof frame === "string";
    const half = halfFrame(isText ? Buffer.from(frame) : Buffer.from(frame), !isText, true);
    this.#stream.write(half, () => this.#socket.terminate());
  }

  /** Throws what the room has said against the rules so far. @throws Violation */
  check(): void {
    this.#room.check();
    if (this.#problem) throw this.#problem;
  }

  #frameOf(ask: Ask): string | Uint8Array {
    const { session, encoding, audio, model } = this.#options;
    switch (ask.kind) {
      case "chunk":
        return chunkFrame(encoding, session, ask.seq, { content: audio.second(model.track, ask.seq, ask.variant) });
      case "bad": {
        const content = audio.second(model.track, ask.seq, variants.forbidden);
        return badChunk(ask.bad, encoding, { session, seq: ask.seq, content });
      }
      case "end":
        return encodeFields(encoding, { type: "end", last_seq: ask.lastSeq, padding_samples: ask.padding });
      case "hello":
        return encodeFields(encoding, helloFields);
      case "status":
        return encodeFields(encoding, { type: "status" });
      case "ping":
        // Not the text that the platform answers by itself, out of turn.
        return encodeFields(encoding, { type: "ping", nonce: 1 });
    }
  }

  #take(message: RoomMessage): void {
    const { model } = this.#options;
    if (message.type === "closing") return this.retire();
    this.#isAnswered ||= message.type === "ready" || message.type === "ack" || message.type === "ended";
    const ask = this.#asked.shift();
    if (!ask) throw new Violation(`${model.track}: nothing was asked, and the room said ${JSON.stringify(message)}`);
    if (ask.kind === "chunk" && message.type === "ack") {
      this.#checkAck(ask.seq, message, ask);
      if (this.#isStale) model.ackedLate(ask, message);
      else model.acked(ask, message);
      return;
    }
    if (this.#isStale) return;
    if (message.type === "error") return this.#refused(ask, message);
    if (ask.kind === "end" && message.type === "ended") return model.ended(ask, message);
    if (ask.kind === "status" && message.type === "status") return model.observe(message, !model.isFinalizing);
    if (ask.kind === "ping" && message.type === "pong") return undefined;
    if (ask.kind === "hello" && message.type === "ready") {
      same(`${model.track}: resume`, message.resume, {
        next_seq: message.ingest.last_seq + 1,
        missing: message.ingest.missing,
      });
      return model.observe(message.ingest, !model.isFinalizing);
    }
    throw new Violation(`${model.track}: ${JSON.stringify(ask)} was answered ${JSON.stringify(message)}`);
  }

  #checkAck(seq: number, ack: Extract<RoomMessage, { type: "ack" }>, ask: Extract<Ask, { kind: "chunk" }>): void {
    const { model, audio, session } = this.#options;
    same(`${model.track}: seq of the ack`, ack.seq, seq);
    const digest = sha256(audio.second(model.track, seq, ask.variant)).toString("hex");
    same(`${model.track}/${seq}: sha256 of the ack`, ack.sha256, digest);
    same(`${model.track}/${seq}: key of the ack`, ack.key, chunkKeyOf(session, model.track, seq));
  }

  #refused(ask: Ask, error: Extract<RoomMessage, { type: "error" }>): void {
    const { model } = this.#options;
    if (error.code === "session_finalized" && model.isFinalizing && ask.kind === "chunk") return undefined;
    if (ask.kind === "chunk" && error.code === "seq_conflict") return model.conflicted(ask);
    if (ask.kind === "bad") return model.rejected();
    if (ask.kind === "end" && error.code === "bad_frame") return model.endRefused(ask);
    throw new Violation(`${model.track}: ${JSON.stringify(ask)} was refused: ${error.code}, ${error.detail}`);
  }

  #closed(code: number): void {
    if (!this.#isStale && !this.#options.model.isFinalizing) {
      this.#problem ??= new Violation(`${this.#options.model.track}: the room closed the connection with ${code}`);
    }
    this.retire();
  }
}

/** Where a kept second of the default tenant must lie in R2. */
export function chunkKeyOf(session: string, track: string, seq: number): string {
  const folder = track === "mixed" ? "" : `tracks/${track}/`;
  return `sessions/${session}/${folder}chunks/${String(seq).padStart(8, "0")}.pcm`;
}
